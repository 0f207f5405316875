-- Key pairs that sign what the console is told. The column `pkcs8` is sealed. Which key signs and which are published
-- follows from the times alone; a key goes when nothing it signed can be valid any more.
CREATE TABLE signing_keys (
    id TEXT PRIMARY KEY NOT NULL,
    published_at INTEGER NOT NULL,
    signs_from INTEGER NOT NULL,
    pkcs8 BLOB NOT NULL
) STRICT;
