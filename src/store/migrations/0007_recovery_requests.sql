-- Requests stay for a while after their end: whoever comes back is told what became of one, and they count against the
-- limit of requests an account may make. At most one of an account is open.
DROP TABLE recovery_approvals;
DROP TABLE recovery_requests;

CREATE TABLE recovery_requests (
    id TEXT PRIMARY KEY NOT NULL,
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    receipt TEXT NOT NULL UNIQUE,
    requested_at INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'refused', 'cancelled', 'expired')),
    ended_at INTEGER,
    -- Of a refusal: user identifier of the operator.
    refused_by INTEGER,
    cancelled_by TEXT,
    CHECK ((state IN ('open', 'expired')) = (ended_at IS NULL)),
    CHECK ((state = 'refused') = (refused_by IS NOT NULL)),
    CHECK ((state = 'cancelled') = (cancelled_by IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX one_open_recovery_request ON recovery_requests (account_id) WHERE state = 'open';
CREATE INDEX recovery_requests_of_account ON recovery_requests (account_id, requested_at);

-- One operator approves a request once. The operator is the user identifier the kernel reported.
CREATE TABLE recovery_approvals (
    request_id TEXT NOT NULL REFERENCES recovery_requests (id) ON DELETE CASCADE,
    operator INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (request_id, operator)
) STRICT;
