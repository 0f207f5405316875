-- Who took a message from the queue, and when handing it to a provider began: from then on it may be on its way, so it is
-- never given out again, whatever becomes of whoever took it. Before that, another takes it up.
ALTER TABLE outbox ADD COLUMN claimed_by TEXT;
ALTER TABLE outbox ADD COLUMN handed_at INTEGER;
-- Handed over so often; not again before then.
ALTER TABLE outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN due_at INTEGER;
-- To which provider, how that ended, and the provider's own name of the message. The words come with the providers that
-- say them, so no list of them stands here.
ALTER TABLE outbox ADD COLUMN provider TEXT;
ALTER TABLE outbox ADD COLUMN outcome TEXT;
ALTER TABLE outbox ADD COLUMN provider_id TEXT;
CREATE INDEX outbox_waiting ON outbox (channel, created_at) WHERE state IN ('queued', 'claimed');
CREATE INDEX outbox_finished ON outbox (finished_at) WHERE finished_at IS NOT NULL;
-- Before this, taking a message was handing it over.
UPDATE outbox SET handed_at = claimed_at WHERE state = 'claimed';
