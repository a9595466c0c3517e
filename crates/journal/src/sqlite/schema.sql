-- Tenure's journal. Events are only ever added; `sqlite3 journal.db 'SELECT * FROM readable'` reads them.
CREATE TABLE about (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    position INTEGER PRIMARY KEY,   -- place in the journal, from 1, without gaps
    company  INTEGER NOT NULL,      -- the company's number; 0 is the registry of companies
    version  INTEGER NOT NULL,      -- place in the company's history, from 1
    time     INTEGER NOT NULL,      -- milliseconds since the epoch
    actor    TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    body     TEXT    NOT NULL,      -- JSON, nothing personal
    personal TEXT,                  -- JSON; removed together with the salt when erased
    salt     BLOB,
    digest   BLOB,                  -- SHA-256(salt, personal); stays when those are erased
    hash     BLOB    NOT NULL,      -- the chain: covers this event and, through the hash before, all before
    UNIQUE (company, version)
) STRICT;

CREATE TABLE heads (
    company INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    hash    BLOB    NOT NULL
) STRICT;

CREATE TABLE replies (
    company     INTEGER NOT NULL,
    token       TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    time        INTEGER NOT NULL,
    answer      BLOB    NOT NULL,
    PRIMARY KEY (company, token, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX replies_by_time ON replies (time);

CREATE TABLE checkpoints (
    follower TEXT    NOT NULL,
    shard    INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (follower, shard)
) STRICT, WITHOUT ROWID;

CREATE TABLE outputs (
    follower TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    company  INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (follower, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX outputs_by_due ON outputs (follower, due);

CREATE VIEW readable AS
SELECT position,
       company,
       version,
       strftime('%Y-%m-%dT%H:%M:%fZ', time / 1000.0, 'unixepoch') AS time,
       actor,
       name,
       body,
       personal
FROM events
ORDER BY position;
