-- The log in SQL, what follows from it, the vectors, and what a reader may see of it.

CREATE TABLE progress (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    sequence bigint NOT NULL DEFAULT 0,
    events bigint NOT NULL DEFAULT 0,
    engine text NOT NULL DEFAULT ''
);
INSERT INTO progress DEFAULT VALUES;

CREATE TABLE events (
    id uuid PRIMARY KEY,
    sequence bigint NOT NULL UNIQUE,
    time timestamptz NOT NULL,
    user_name text NOT NULL,
    actor text NOT NULL,
    kind text NOT NULL,
    sentence text NOT NULL,
    body text NOT NULL,
    conversation text,
    cause text,
    data jsonb NOT NULL,
    version integer NOT NULL,
    text_hash bytea NOT NULL,
    -- English stems find other forms of a word; the plain words find names and other languages.
    fts tsvector NOT NULL GENERATED ALWAYS AS (
        to_tsvector('english', sentence || E'\n' || body) || to_tsvector('simple', sentence || E'\n' || body)
    ) STORED
);
CREATE INDEX events_by_user ON events (user_name, sequence DESC);
CREATE INDEX events_by_kind ON events (user_name, kind, sequence DESC);
CREATE INDEX events_by_conversation ON events (user_name, conversation, sequence DESC) WHERE conversation IS NOT NULL;
CREATE INDEX events_by_text ON events (text_hash, user_name, sequence DESC);
CREATE INDEX events_by_words ON events USING gin (fts);

CREATE TABLE tasks (
    user_name text NOT NULL,
    id text NOT NULL,
    title text NOT NULL,
    done boolean NOT NULL,
    position integer NOT NULL,
    actor text NOT NULL,
    added timestamptz NOT NULL,
    changed timestamptz NOT NULL,
    PRIMARY KEY (user_name, id)
);

CREATE TABLE conversations (
    user_name text NOT NULL,
    id text NOT NULL,
    title text NOT NULL,
    time timestamptz NOT NULL,
    exchanges integer NOT NULL,
    PRIMARY KEY (user_name, id)
);
CREATE INDEX conversations_by_time ON conversations (user_name, time DESC, id DESC);

CREATE TABLE messages (
    event uuid PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    user_name text NOT NULL,
    conversation text NOT NULL,
    turn text NOT NULL,
    role text NOT NULL,
    text text NOT NULL,
    action text NOT NULL,
    outcome text NOT NULL
);
CREATE INDEX messages_by_conversation ON messages (user_name, conversation);

CREATE TABLE commands (
    event uuid PRIMARY KEY REFERENCES events ON DELETE CASCADE,
    user_name text NOT NULL,
    command text NOT NULL,
    exit_code integer NOT NULL,
    seconds double precision NOT NULL,
    excerpt text NOT NULL
);
CREATE INDEX commands_by_user ON commands (user_name);

CREATE TABLE vectors (
    engine text NOT NULL,
    text_hash bytea NOT NULL,
    vector public.halfvec(384) NOT NULL,
    PRIMARY KEY (engine, text_hash)
);
CREATE INDEX vectors_by_nearness ON vectors USING hnsw (vector public.halfvec_cosine_ops);

-- The queue of the embedder: each text once, until its vector is there.
CREATE TABLE waiting (
    text_hash bytea PRIMARY KEY,
    text text NOT NULL,
    sequence bigint NOT NULL
);
CREATE INDEX waiting_by_sequence ON waiting (sequence DESC);

-- What to look for: any of the words, unless the query itself excludes some; plain words where English has only fillers.
CREATE FUNCTION wanted(query text) RETURNS tsquery LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN strict::text LIKE '%!%' THEN strict ELSE replace(strict::text, ' & ', ' | ')::tsquery END
    FROM (
        SELECT CASE
            WHEN numnode(websearch_to_tsquery('english', query)) > 0 THEN websearch_to_tsquery('english', query)
            ELSE websearch_to_tsquery('simple', query)
        END
    ) AS parsed (strict)
$$;

-- Who asks is written here by memory, for the one session that then runs the question. A reader can neither see nor
-- change it, whatever its SQL does to its own settings.
CREATE UNLOGGED TABLE reader_sessions (
    pid integer PRIMARY KEY,
    user_name text NOT NULL
);

CREATE SCHEMA reader;
COMMENT ON SCHEMA reader IS 'What a user may ask in SQL: views that show only the rows of the user who asks.';

CREATE VIEW reader.events WITH (security_barrier) AS
SELECT id, sequence, time, actor, kind, sentence, conversation, cause, data
FROM public.events
WHERE user_name = (SELECT user_name FROM public.reader_sessions WHERE pid = pg_backend_pid());
COMMENT ON VIEW reader.events IS 'Everything that happened, one row an event.';
COMMENT ON COLUMN reader.events.sequence IS 'Its place in the log: later events have greater numbers.';
COMMENT ON COLUMN reader.events.actor IS 'Who did it: user, model, ghost, system or plugin-NAME.';
COMMENT ON COLUMN reader.events.kind IS 'Noun and what happened to it, such as task.added.';
COMMENT ON COLUMN reader.events.sentence IS 'One English line of what happened.';
COMMENT ON COLUMN reader.events.conversation IS 'The conversation it happened in; null when none.';
COMMENT ON COLUMN reader.events.cause IS 'The id of the event that led to it, as text; null when none.';
COMMENT ON COLUMN reader.events.data IS 'Its details as jsonb, by kind.';

CREATE VIEW reader.messages WITH (security_barrier) AS
SELECT e.id AS event, e.sequence, e.time, m.conversation, m.turn, m.role, e.actor, m.text, m.action, m.outcome
FROM public.messages AS m
JOIN public.events AS e ON e.id = m.event
WHERE m.user_name = (SELECT user_name FROM public.reader_sessions WHERE pid = pg_backend_pid());
COMMENT ON VIEW reader.messages IS 'What was said in conversations, one row a message or call of an action.';
COMMENT ON COLUMN reader.messages.turn IS 'The id of the event that asked; all rows of one exchange share it.';
COMMENT ON COLUMN reader.messages.role IS 'user, assistant, call (the model called an action) or result (what came back).';
COMMENT ON COLUMN reader.messages.action IS 'The action of a call or result, such as tasks.add; else empty.';
COMMENT ON COLUMN reader.messages.outcome IS 'done, stopped or failed for an answer or result; else empty.';

CREATE VIEW reader.tasks WITH (security_barrier) AS
SELECT id, position, title, done, actor, added, changed
FROM public.tasks
WHERE user_name = (SELECT user_name FROM public.reader_sessions WHERE pid = pg_backend_pid());
COMMENT ON VIEW reader.tasks IS 'The task list as it is now.';
COMMENT ON COLUMN reader.tasks.position IS 'Place in the list, counted from 1.';
COMMENT ON COLUMN reader.tasks.actor IS 'Who touched it last.';

CREATE VIEW reader.conversations WITH (security_barrier) AS
SELECT id, title, time, exchanges
FROM public.conversations
WHERE user_name = (SELECT user_name FROM public.reader_sessions WHERE pid = pg_backend_pid());
COMMENT ON VIEW reader.conversations IS 'Conversations with their title.';
COMMENT ON COLUMN reader.conversations.time IS 'Of the last message.';
COMMENT ON COLUMN reader.conversations.exchanges IS 'How many times something was asked in it.';

CREATE VIEW reader.commands WITH (security_barrier) AS
SELECT e.id AS event, e.time, e.conversation, e.actor, c.command, c.exit_code, c.seconds, c.excerpt
FROM public.commands AS c
JOIN public.events AS e ON e.id = c.event
WHERE c.user_name = (SELECT user_name FROM public.reader_sessions WHERE pid = pg_backend_pid());
COMMENT ON VIEW reader.commands IS 'Shell commands that ran in the boxes of conversations.';
COMMENT ON COLUMN reader.commands.excerpt IS 'The beginning of what it printed.';

-- Stops an answer before it leaves the server: a client would have to hold a whole row to measure it.
CREATE FUNCTION reader.within(size integer, most integer) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    IF size > most THEN
        RAISE EXCEPTION USING ERRCODE = 'DA001', MESSAGE = 'one row of the result is too large';
    END IF;
    RETURN true;
END
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA reader FROM PUBLIC;
REVOKE ALL ON FUNCTION wanted FROM PUBLIC;
GRANT USAGE ON SCHEMA reader TO daimon_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA reader TO daimon_reader;
GRANT EXECUTE ON FUNCTION reader.within TO daimon_reader;
