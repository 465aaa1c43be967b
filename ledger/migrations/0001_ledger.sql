-- What a ledger holds. Only types and clauses that SQLite and PostgreSQL both have.
--
-- Public: logs, leaves, records, institutions, projects, shards, checkpoints. Private to the
-- operator: settings, commits, cards, persons, receipts (what was issued to whom), claims, spent.

CREATE TABLE settings (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- One row: how many transactions were committed. When a commit fails, it tells whether it happened
-- all the same.
CREATE TABLE commits (
    number BIGINT NOT NULL CHECK (number >= 0)
);
INSERT INTO commits (number) VALUES (0);

CREATE TABLE logs (
    log    BIGINT NOT NULL PRIMARY KEY,
    origin TEXT   NOT NULL UNIQUE,
    size   BIGINT NOT NULL CHECK (size >= 0)
);

-- Leaves of the card and person logs: the leaf is the whole entry.
CREATE TABLE leaves (
    log   BIGINT NOT NULL REFERENCES logs (log),
    place BIGINT NOT NULL CHECK (place >= 0),
    leaf  BYTEA  NOT NULL CHECK (length(leaf) = 32),
    PRIMARY KEY (log, place),
    UNIQUE (log, leaf)
);

-- Entries of donation logs: anybody recomputes the leaf from the rest.
CREATE TABLE records (
    log         BIGINT NOT NULL REFERENCES logs (log),
    place       BIGINT NOT NULL CHECK (place >= 0),
    project_key BIGINT NOT NULL,
    amount      BIGINT NOT NULL CHECK (amount >= 0 AND amount < 281474976710656),
    time        BIGINT NOT NULL CHECK (time >= 0 AND time < 1099511627776),
    own         BYTEA  NOT NULL CHECK (length(own) = 32),
    leaf        BYTEA  NOT NULL CHECK (length(leaf) = 32),
    PRIMARY KEY (log, place),
    UNIQUE (log, leaf)
);

-- Ids in order of first appearance, from 1.
CREATE TABLE institutions (
    log         BIGINT NOT NULL REFERENCES logs (log),
    institution BIGINT NOT NULL CHECK (institution > 0),
    name        TEXT   NOT NULL,
    PRIMARY KEY (log, institution),
    UNIQUE (log, name)
);

CREATE TABLE projects (
    log         BIGINT NOT NULL,
    project     BIGINT NOT NULL CHECK (project > 0),
    institution BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    PRIMARY KEY (log, project),
    UNIQUE (log, institution, name),
    FOREIGN KEY (log, institution) REFERENCES institutions (log, institution)
);

-- Roots of full shards, which never change.
CREATE TABLE shards (
    log   BIGINT NOT NULL REFERENCES logs (log),
    shard BIGINT NOT NULL CHECK (shard >= 0),
    root  BYTEA  NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (log, shard)
);

-- One checkpoint per log and epoch: the primary key is that promise.
CREATE TABLE checkpoints (
    log       BIGINT NOT NULL REFERENCES logs (log),
    epoch     BIGINT NOT NULL CHECK (epoch >= 0),
    size      BIGINT NOT NULL CHECK (size > 0),
    -- Root of the shard that was open then; NULL when the last shard was full.
    open_root BYTEA,
    note      TEXT   NOT NULL,
    PRIMARY KEY (log, epoch),
    UNIQUE (log, size)
);

CREATE TABLE cards (
    serial BIGINT NOT NULL PRIMARY KEY CHECK (serial >= 0),
    kind   BIGINT NOT NULL CHECK (kind >= 0 AND kind < 5),
    owner  BYTEA  NOT NULL CHECK (length(owner) = 32),
    rcm    BYTEA  NOT NULL CHECK (length(rcm) = 32),
    place  BIGINT NOT NULL UNIQUE
);
CREATE INDEX cards_by_owner ON cards (owner);

CREATE TABLE persons (
    owner BYTEA  NOT NULL PRIMARY KEY CHECK (length(owner) = 32),
    salt  BYTEA  NOT NULL CHECK (length(salt) = 32),
    place BIGINT NOT NULL UNIQUE
);

-- Every donation. One without owner is pending: in the sums, not a leaf.
CREATE TABLE receipts (
    log         BIGINT NOT NULL REFERENCES logs (log),
    receipt     BYTEA  NOT NULL,
    project_key BIGINT NOT NULL,
    amount      BIGINT NOT NULL CHECK (amount >= 0 AND amount < 281474976710656),
    time        BIGINT NOT NULL CHECK (time >= 0 AND time < 1099511627776),
    owner       BYTEA,
    rcm         BYTEA,
    place       BIGINT,
    PRIMARY KEY (log, receipt),
    UNIQUE (log, place),
    CHECK ((owner IS NULL) = (place IS NULL) AND (rcm IS NULL) = (place IS NULL))
);
CREATE INDEX receipts_by_owner ON receipts (owner);

CREATE TABLE claims (
    claim         BIGINT NOT NULL PRIMARY KEY CHECK (claim > 0),
    key_id        BYTEA  NOT NULL,
    public_inputs BYTEA  NOT NULL,
    proof         BYTEA  NOT NULL,
    payout        BYTEA  NOT NULL,
    expiry        BIGINT NOT NULL,
    time          BIGINT NOT NULL,
    note          TEXT   NOT NULL
);

-- Every nullifier that was spent, and the claim that spent it.
CREATE TABLE spent (
    nullifier BYTEA  NOT NULL PRIMARY KEY CHECK (length(nullifier) = 32),
    claim     BIGINT NOT NULL REFERENCES claims (claim)
);
CREATE INDEX spent_by_claim ON spent (claim);
