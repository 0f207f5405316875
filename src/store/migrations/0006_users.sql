-- One business that several people sign in for, each with an account of their own.
CREATE TABLE seller_accounts (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT;

-- An account belongs to one seller account or to none.
CREATE TABLE memberships (
    account_id TEXT PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    seller_id TEXT NOT NULL REFERENCES seller_accounts (id) ON DELETE CASCADE,
    owner INTEGER NOT NULL CHECK (owner IN (0, 1)),
    joined_at INTEGER NOT NULL
) STRICT;
CREATE INDEX memberships_of_seller ON memberships (seller_id);

-- The link is the newest one that was mailed; sending again replaces it, so that older links are void.
CREATE TABLE invitations (
    id TEXT PRIMARY KEY NOT NULL,
    seller_id TEXT NOT NULL REFERENCES seller_accounts (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    display_name TEXT,
    group_names TEXT NOT NULL,
    owner INTEGER NOT NULL CHECK (owner IN (0, 1)),
    language TEXT NOT NULL,
    link_id TEXT NOT NULL UNIQUE,
    -- The owner on whose word it stands, and with whom it goes; none when an operator invited.
    invited_by TEXT REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    UNIQUE (seller_id, email)
) STRICT;
CREATE INDEX invitations_of_inviter ON invitations (invited_by);
CREATE INDEX invitations_by_end ON invitations (expires_at);

CREATE TABLE last_sign_ins (
    account_id TEXT PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    at INTEGER NOT NULL
) STRICT;

-- When a person was first asked to enable two-step verification; the deadline never moves.
CREATE TABLE rollout_asked (
    account_id TEXT PRIMARY KEY NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    asked_at INTEGER NOT NULL,
    deadline INTEGER NOT NULL,
    laters INTEGER NOT NULL
) STRICT;

-- The keyed digest of the network a session was made from; never an address.
CREATE TABLE session_networks (
    session_id TEXT PRIMARY KEY NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    network BLOB NOT NULL
) STRICT;

-- In which minutes of an hour (hours since 1970, one bit a minute) a browser was in use. A row outlives its session.
CREATE TABLE browser_hours (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    hour INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    browser TEXT NOT NULL,
    network BLOB,
    PRIMARY KEY (account_id, hour, session_id)
) STRICT;
CREATE INDEX browser_hours_by_hour ON browser_hours (hour);
