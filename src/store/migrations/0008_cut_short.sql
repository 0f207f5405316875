-- Accounts whose password was proven by a hash that reads only its beginning: a new one is chosen before the console. The
-- line goes with the hash.
CREATE TABLE cut_short_passwords (
    account_id TEXT NOT NULL PRIMARY KEY REFERENCES accounts (id) ON DELETE CASCADE,
    seen_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER cut_short_password_replaced AFTER UPDATE OF password_hash ON accounts
BEGIN
    DELETE FROM cut_short_passwords WHERE account_id = new.id;
END;
