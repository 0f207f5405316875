-- What messages to telephones were counted as: by account, network, block of numbers, country, hour and money. All counts
-- of one message are taken in one statement, or none.
CREATE TABLE budgets (
    key TEXT PRIMARY KEY NOT NULL,
    used INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;
CREATE INDEX budgets_by_end ON budgets (ends_at);

-- What nothing goes to or by now: 'sms', 'voice', 'provider:twilio', 'country:JP', 'prefix:+8190'. Without an end, until
-- an operator resumes it. A pause that is over stays for a while: the next one is longer.
CREATE TABLE pauses (
    what TEXT PRIMARY KEY NOT NULL,
    cause TEXT NOT NULL CHECK (cause IN ('operator', 'conversion')),
    since INTEGER NOT NULL,
    until INTEGER,
    times INTEGER NOT NULL
) STRICT;

-- Messages that were asked for and refused, by day since 1970 (UTC).
CREATE TABLE refused_sends (
    day INTEGER NOT NULL,
    reason TEXT NOT NULL,
    country TEXT NOT NULL,
    messages INTEGER NOT NULL,
    PRIMARY KEY (day, reason, country)
) STRICT;

-- What operators are to be told, once.
CREATE TABLE warnings (
    key TEXT PRIMARY KEY NOT NULL,
    text TEXT NOT NULL,
    at INTEGER NOT NULL,
    told_at INTEGER
) STRICT;

-- Of messages to telephones: where to, the number without its last four digits, what it costs in millionths, and when its
-- code was given back.
ALTER TABLE outbox ADD COLUMN country TEXT;
ALTER TABLE outbox ADD COLUMN block TEXT;
ALTER TABLE outbox ADD COLUMN cost INTEGER;
-- 1 where the number was a method already, 0 where it was being set up.
ALTER TABLE outbox ADD COLUMN proven INTEGER;
ALTER TABLE outbox ADD COLUMN verified_at INTEGER;
CREATE INDEX outbox_of_block ON outbox (block, created_at) WHERE block IS NOT NULL;
