-- Codes by message are bound to the browser whose sign-in ordered them: nobody who only knows the password has any use for
-- one that was sent for somebody else. `browser` is a keyed digest; single use is the deletion of the row. The table
-- method_codes is no longer used.
CREATE TABLE sign_in_codes (
    method_id TEXT NOT NULL REFERENCES methods (id) ON DELETE CASCADE,
    browser BLOB NOT NULL,
    challenge_id TEXT NOT NULL UNIQUE,
    challenge BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (method_id, browser)
) STRICT;
CREATE INDEX sign_in_codes_by_expiry ON sign_in_codes (expires_at);

-- Where a pending sign-in takes place; without it, its own digest stands for the browser. `known`: the account knows the
-- browser, which then has waits of its own.
ALTER TABLE sign_ins ADD COLUMN browser BLOB;
ALTER TABLE sign_ins ADD COLUMN known BLOB;
