-- Wrong codes of methods that are being set up, by a keyed digest of account and destination: a sign-in begun anew, or
-- another method in between, begins no new count.
CREATE TABLE new_method_throttles (
    key BLOB PRIMARY KEY NOT NULL,
    consecutive INTEGER NOT NULL,
    paused_until INTEGER,
    updated_at INTEGER NOT NULL
) STRICT;
