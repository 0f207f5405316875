-- The code by message that is good now for a method, whichever sign-in asked for it: single use is the deletion of its
-- row. The column `challenge` is sealed; the code itself is derived from it and never stored.
CREATE TABLE method_codes (
    method_id TEXT PRIMARY KEY NOT NULL REFERENCES methods (id) ON DELETE CASCADE,
    challenge_id TEXT NOT NULL UNIQUE,
    challenge BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

-- How many messages went to a method, or to a number that is being set up, and from when the next one may go.
CREATE TABLE sends (
    key TEXT PRIMARY KEY NOT NULL,
    sent INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sends_by_next ON sends (next_at);

-- What became of the message with a code, for the page that waits for it.
ALTER TABLE outbox ADD COLUMN challenge TEXT;
CREATE INDEX outbox_of_challenge ON outbox (challenge, created_at) WHERE challenge IS NOT NULL;
