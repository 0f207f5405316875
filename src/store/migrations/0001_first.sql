-- Identifiers are text in their one spelling, times are milliseconds since 1970 (UTC), digests are 32 bytes of HMAC.

-- A user name cannot contain "@" and an e-mail address must, so uniqueness within each column is enough for
-- "no name opens two accounts".
CREATE TABLE accounts (
    id TEXT PRIMARY KEY NOT NULL,
    user_name TEXT NOT NULL UNIQUE,
    email TEXT UNIQUE,
    display_name TEXT,
    group_names TEXT NOT NULL,
    language TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    credential_version INTEGER NOT NULL,
    credentials_changed_at INTEGER NOT NULL,
    -- Set together when an operator removes the methods; cleared when new ones are proven.
    ticket_digest BLOB,
    ticket_key INTEGER,
    ticket_expires_at INTEGER,
    disabled_at INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

-- An account has no row here or two; the store writes and removes them only together.
CREATE TABLE methods (
    id TEXT PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('primary', 'backup')),
    kind TEXT NOT NULL CHECK (kind IN ('app', 'sms', 'voice')),
    seed BLOB,
    e164 TEXT,
    extension TEXT,
    number_kind TEXT,
    label TEXT,
    added_at INTEGER NOT NULL,
    last_used_at INTEGER,
    last_step INTEGER,
    consecutive INTEGER NOT NULL DEFAULT 0,
    paused_until INTEGER,
    disabled_at INTEGER,
    UNIQUE (account_id, role),
    CHECK (
        (kind = 'app' AND seed IS NOT NULL AND e164 IS NULL AND number_kind IS NULL AND extension IS NULL)
        OR (kind <> 'app' AND seed IS NULL AND e164 IS NOT NULL AND number_kind IS NOT NULL)
    )
) STRICT;

-- Wrong codes by day since 1970 (UTC), for the rolling limit that a success does not clear.
CREATE TABLE method_failures (
    method_id TEXT NOT NULL REFERENCES methods (id) ON DELETE CASCADE,
    day INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    PRIMARY KEY (method_id, day)
) STRICT;

CREATE TABLE sign_ins (
    id TEXT PRIMARY KEY NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    credential_version INTEGER NOT NULL,
    state BLOB NOT NULL,
    version INTEGER NOT NULL,
    enrolment_tries_left INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sign_ins_of_account ON sign_ins (account_id);
CREATE INDEX sign_ins_by_end ON sign_ins (expires_at);

-- A session goes on when the trust it was made with has ended, so device_id refers to nothing.
CREATE TABLE sessions (
    id TEXT PRIMARY KEY NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    credential_version INTEGER NOT NULL,
    second_step TEXT NOT NULL,
    device_id TEXT,
    browser TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    mfa_at INTEGER
) STRICT;
CREATE INDEX sessions_of_account ON sessions (account_id);

CREATE TABLE trusted_devices (
    id TEXT PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    credential_version INTEGER NOT NULL,
    current_digest BLOB NOT NULL,
    previous_digest BLOB,
    label TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL
) STRICT;
CREATE INDEX trusted_devices_of_account ON trusted_devices (account_id);

CREATE TABLE password_throttles (
    key BLOB PRIMARY KEY NOT NULL,
    failures INTEGER NOT NULL,
    wait_until INTEGER,
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE rates (
    key BLOB PRIMARY KEY NOT NULL,
    events INTEGER NOT NULL,
    ends_at INTEGER NOT NULL
) STRICT;

CREATE TABLE outbox (
    id TEXT PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    channel TEXT NOT NULL CHECK (channel IN ('sms', 'voice', 'mail')),
    e164 TEXT,
    extension TEXT,
    number_kind TEXT,
    email TEXT,
    language TEXT NOT NULL,
    content TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'claimed', 'sent', 'expired', 'failed')),
    claimed_at INTEGER,
    finished_at INTEGER
) STRICT;
CREATE INDEX outbox_by_state ON outbox (state, created_at);
