-- The history also says when a recovery code was used or tried. Its table held a closed list of words.
CREATE TABLE sign_in_history_with_recovery (
    id INTEGER PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    what TEXT NOT NULL CHECK (what IN ('signed_in', 'wrong_password', 'wrong_code', 'device_replayed',
        'recovery_code_used', 'wrong_recovery_code')),
    second_step TEXT,
    browser TEXT NOT NULL,
    network TEXT NOT NULL,
    first_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    times INTEGER NOT NULL
) STRICT;
INSERT INTO sign_in_history_with_recovery
SELECT id, account_id, what, second_step, browser, network, first_at, at, times FROM sign_in_history;
DROP TABLE sign_in_history;
ALTER TABLE sign_in_history_with_recovery RENAME TO sign_in_history;
CREATE INDEX sign_in_history_of_account ON sign_in_history (account_id, at);

-- What opened the enrolment of the pair there is: an operator sees whose rests on the password alone.
ALTER TABLE accounts ADD COLUMN enrolled_by TEXT;
