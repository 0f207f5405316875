-- Whose an ended session was, for whoever comes back to a page that was left open: what its form sends is kept for that
-- person alone. An ended session opens nothing.
CREATE TABLE ended_sessions (
    digest BLOB PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    last_used_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_sessions_of_account ON ended_sessions (account_id);
CREATE INDEX ended_sessions_by_age ON ended_sessions (last_used_at);

-- However a session ends. One that ends with its account is not remembered.
CREATE TRIGGER remember_ended_session AFTER DELETE ON sessions
WHEN EXISTS (SELECT 1 FROM accounts WHERE id = OLD.account_id)
BEGIN
    INSERT OR REPLACE INTO ended_sessions (digest, account_id, last_used_at)
    VALUES (OLD.digest, OLD.account_id, OLD.last_used_at);
END;

-- What a form sent that has to wait for a sign-in. Target and body are sealed, and gone as soon as they are on their way to
-- the console; the row stays until its end, to say that they were.
CREATE TABLE held_requests (
    id TEXT PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    -- Keyed digests of the browser's cookie and of the address it came from.
    browser BLOB NOT NULL,
    address BLOB NOT NULL,
    bytes INTEGER NOT NULL,
    request BLOB,
    kept_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    sent_at INTEGER,
    CHECK ((request IS NULL) = (sent_at IS NOT NULL))
) STRICT;
CREATE INDEX held_requests_of_account ON held_requests (account_id);
CREATE INDEX held_requests_by_end ON held_requests (expires_at);
