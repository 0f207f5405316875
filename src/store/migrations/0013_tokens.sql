-- What scripts show in place of a session. The text is nowhere; what is kept of it is a keyed digest.
CREATE TABLE access_tokens (
    id TEXT PRIMARY KEY NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    label TEXT NOT NULL,
    -- JSON: paths, methods, networks.
    scope TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE INDEX access_tokens_of_account ON access_tokens (account_id);
CREATE INDEX access_tokens_by_end ON access_tokens (expires_at);

-- However an account is disabled or frozen: its tokens do not come back with it.
CREATE TRIGGER end_access_tokens AFTER UPDATE OF disabled_at, frozen_at ON accounts
WHEN NEW.disabled_at IS NOT NULL OR NEW.frozen_at IS NOT NULL
BEGIN
    DELETE FROM access_tokens WHERE account_id = NEW.id;
END;
