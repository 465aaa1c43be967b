-- Signed summaries of what no checkpoint covers: donations without owner, the directory, claims,
-- the checkpoints themselves.

-- Order in which donations were entered, from 1. A summary covers the first N of them. (A database
-- of the first release is always SQLite, so its rows can be numbered by their rowid.)
ALTER TABLE receipts ADD COLUMN seq BIGINT;
UPDATE receipts SET seq = numbered.seq
    FROM (SELECT rowid AS row, ROW_NUMBER() OVER (ORDER BY rowid) AS seq FROM receipts) AS numbered
    WHERE receipts.rowid = numbered.row;

-- One row: the signed state after the last transaction.
CREATE TABLE state (
    state BIGINT NOT NULL PRIMARY KEY CHECK (state = 1),
    note  TEXT   NOT NULL
);

-- The state as it was signed at the ends of epochs. Each names the hash of the one before.
CREATE TABLE summaries (
    number BIGINT NOT NULL PRIMARY KEY CHECK (number >= 0),
    epoch  BIGINT NOT NULL CHECK (epoch >= 0),
    note   TEXT   NOT NULL
);
