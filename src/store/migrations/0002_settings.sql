-- What happened at the sign-ins of an account, for the person to read. Lines that say the same within an hour are one.
CREATE TABLE sign_in_history (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    what TEXT NOT NULL CHECK (what IN ('signed_in', 'wrong_password', 'wrong_code', 'device_replayed')),
    second_step TEXT,
    browser TEXT NOT NULL,
    network TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    times INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_in_history_of_account ON sign_in_history (account_id, at);
