-- Where the log has what can be undone and what undid it, and what came of each version of an instruction: both were
-- read from the whole log before.

-- Projections that are newer than the rows of the log: they are made from those before anything else is written.
CREATE TABLE unmade (projection text PRIMARY KEY);
INSERT INTO unmade VALUES ('changes'), ('outcomes');

CREATE TABLE changes (
    user_name text NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (user_name, sequence)
);

-- Sums over the answers that were given under each version.
CREATE TABLE outcomes (
    user_name text NOT NULL,
    job text NOT NULL,
    number integer NOT NULL,
    answers bigint NOT NULL,
    failed bigint NOT NULL,
    steps bigint NOT NULL,
    tokens bigint NOT NULL,
    PRIMARY KEY (user_name, job, number)
);

-- Under which version a conversation's title was made, and whether a person chose another.
CREATE TABLE namings (
    user_name text NOT NULL,
    conversation text NOT NULL,
    version integer,
    replaced boolean NOT NULL,
    PRIMARY KEY (user_name, conversation)
);

CREATE TABLE ratings (
    user_name text NOT NULL,
    turn text NOT NULL,
    worth text NOT NULL,
    -- Of the answer: the version of each instruction that it was given under.
    versions jsonb NOT NULL,
    PRIMARY KEY (user_name, turn)
);

ALTER TABLE unmade ENABLE ROW LEVEL SECURITY;
ALTER TABLE changes ENABLE ROW LEVEL SECURITY;
ALTER TABLE outcomes ENABLE ROW LEVEL SECURITY;
ALTER TABLE namings ENABLE ROW LEVEL SECURITY;
ALTER TABLE ratings ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON TABLE unmade, changes, outcomes, namings, ratings FROM PUBLIC;
ALTER TABLE ratings ALTER COLUMN versions SET STATISTICS 0;
