-- Mailed links. The token in a mail is derived from the random id by the key ring when the mail is sent: neither this
-- table nor the outbox holds it. Single use is the deletion of the row.
CREATE TABLE links (
    id TEXT PRIMARY KEY NOT NULL,
    key INTEGER NOT NULL,
    account_id TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL CHECK (purpose IN ('password_reset', 'first_enrolment', 'email_confirmation', 'invitation',
                                             'not_me', 'cancel_recovery')),
    subject TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX links_of_account ON links (account_id, purpose);
CREATE INDEX links_by_end ON links (expires_at);

ALTER TABLE outbox ADD COLUMN link_id TEXT;

-- "This wasn't me": the password proves nothing until it is chosen anew.
ALTER TABLE accounts ADD COLUMN frozen_at INTEGER;
-- A new password by mail; working methods are not replaced for some time after it.
ALTER TABLE accounts ADD COLUMN password_reset_at INTEGER;

CREATE TABLE recovery_codes (
    digest BLOB PRIMARY KEY NOT NULL,
    key INTEGER NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX recovery_codes_of_account ON recovery_codes (account_id);

-- At most one request of an account is there; one that was cancelled or used is deleted.
CREATE TABLE recovery_requests (
    id TEXT PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL UNIQUE REFERENCES accounts (id) ON DELETE CASCADE,
    receipt TEXT NOT NULL UNIQUE,
    requested_at INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    refused_at INTEGER,
    -- Set together by the last approval that was needed.
    approved_at INTEGER,
    ticket_digest BLOB,
    ticket_key INTEGER,
    ticket_expires_at INTEGER
) STRICT;

CREATE TABLE recovery_approvals (
    request_id TEXT NOT NULL REFERENCES recovery_requests (id) ON DELETE CASCADE,
    operator TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (request_id, operator)
) STRICT;
