-- Telephone numbers that came with an import. Nobody has proven them: they are no methods and receive nothing. They go
-- once the account has two methods.
CREATE TABLE imported_numbers (
    account_id TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    e164 TEXT NOT NULL,
    extension TEXT,
    number_kind TEXT NOT NULL,
    PRIMARY KEY (account_id, position)
) STRICT;
