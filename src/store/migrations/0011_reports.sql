-- What a carrier said of a message after it took it, and when: that nobody answered a call. The words come with the
-- carriers that say them, so no list of them stands here.
ALTER TABLE outbox ADD COLUMN report TEXT;
ALTER TABLE outbox ADD COLUMN reported_at INTEGER;
