-- From schema 1 to 2: whom events are about, and deliveries to endpoints.
CREATE TABLE subjects (
    company INTEGER NOT NULL,
    subject TEXT    NOT NULL,       -- an id such as tea_1, or `company` for what concerns everybody
    version INTEGER NOT NULL,
    PRIMARY KEY (company, subject, version)
) STRICT, WITHOUT ROWID;
INSERT OR IGNORE INTO subjects
SELECT company, body ->> '$.teammate', version FROM events
WHERE company > 0 AND json_type(body, '$.teammate') = 'text';
INSERT OR IGNORE INTO subjects
SELECT company, body ->> '$.team', version FROM events WHERE company > 0 AND json_type(body, '$.team') = 'text';
INSERT OR IGNORE INTO subjects
SELECT company, member.value, events.version FROM events, json_each(events.body, '$.teammates') AS member
WHERE company > 0 AND json_type(body, '$.teammates') = 'array';
INSERT OR IGNORE INTO subjects
SELECT company, 'company', version FROM events WHERE company > 0 AND name LIKE 'custom_field.%';

CREATE TABLE deliveries (
    id       INTEGER PRIMARY KEY,
    company  INTEGER NOT NULL,
    endpoint INTEGER NOT NULL,
    sequence INTEGER NOT NULL,      -- place among the deliveries to the endpoint, from 1
    event    INTEGER NOT NULL,      -- the event's version
    lane     TEXT    NOT NULL,      -- what it is about; one after the other within a lane
    form     TEXT    NOT NULL,
    status   INTEGER NOT NULL,      -- 0 pending, 1 delivered, 2 failed
    due      INTEGER,               -- only of the first pending one of its lane
    tries    INTEGER NOT NULL,
    created  INTEGER NOT NULL,
    body     TEXT    NOT NULL,
    UNIQUE (company, endpoint, sequence),
    UNIQUE (company, endpoint, event)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (company, endpoint, due) WHERE due IS NOT NULL;
CREATE INDEX deliveries_pending ON deliveries (company, endpoint, lane, sequence) WHERE status = 0;
CREATE INDEX deliveries_due_lane ON deliveries (company, endpoint, lane) WHERE due IS NOT NULL;
CREATE INDEX deliveries_by_status ON deliveries (company, endpoint, status, sequence);
CREATE INDEX deliveries_by_age ON deliveries (created) WHERE status <> 0;

CREATE TABLE attempts (
    company  INTEGER NOT NULL,
    endpoint INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    number   INTEGER NOT NULL,
    time     INTEGER NOT NULL,
    latency  INTEGER NOT NULL,      -- milliseconds
    status   INTEGER,
    fault    TEXT,
    answer   TEXT    NOT NULL,
    PRIMARY KEY (company, endpoint, sequence, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_by_time ON attempts (company, endpoint, time);

CREATE TABLE endpoints (
    company       INTEGER NOT NULL,
    endpoint      INTEGER NOT NULL,
    next_sequence INTEGER NOT NULL,
    failing_since INTEGER,
    last_success  INTEGER,
    PRIMARY KEY (company, endpoint)
) STRICT, WITHOUT ROWID;

INSERT INTO about VALUES ('key', lower(hex(randomblob(32))));
