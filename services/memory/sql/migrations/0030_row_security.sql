-- Whose rows a reader sees is decided at the tables, so that every way that leads to them is the same one: a view that
-- is written carelessly, or a right that is given too much, still shows nobody else's rows.

-- Who asks in this session; nobody where memory has not said so.
CREATE FUNCTION reader.asker() RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT user_name FROM public.reader_sessions WHERE pid = pg_backend_pid()
$$;
REVOKE ALL ON FUNCTION reader.asker FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reader.asker TO daimon_reader;

ALTER TABLE events ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE commands ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_asker ON events FOR SELECT TO daimon_reader USING (user_name = (SELECT reader.asker()));
CREATE POLICY of_asker ON messages FOR SELECT TO daimon_reader USING (user_name = (SELECT reader.asker()));
CREATE POLICY of_asker ON tasks FOR SELECT TO daimon_reader USING (user_name = (SELECT reader.asker()));
CREATE POLICY of_asker ON conversations FOR SELECT TO daimon_reader USING (user_name = (SELECT reader.asker()));
CREATE POLICY of_asker ON commands FOR SELECT TO daimon_reader USING (user_name = (SELECT reader.asker()));
CREATE POLICY of_asker ON documents FOR SELECT TO daimon_reader USING (user_name = (SELECT reader.asker()));
-- No policy: no row of these for anybody but memory.
ALTER TABLE passages ENABLE ROW LEVEL SECURITY;
ALTER TABLE reader_sessions ENABLE ROW LEVEL SECURITY;

-- The views read with the rights of whoever asks: only the columns they show, and only by their names in schema reader.
REVOKE USAGE ON SCHEMA public FROM PUBLIC;
GRANT SELECT (id, sequence, time, actor, kind, sentence, conversation, cause, data) ON events TO daimon_reader;
GRANT SELECT (event, conversation, turn, role, text, action, outcome) ON messages TO daimon_reader;
GRANT SELECT (id, position, title, done, actor, added, changed) ON tasks TO daimon_reader;
GRANT SELECT (id, title, time, exchanges) ON conversations TO daimon_reader;
GRANT SELECT (event, command, exit_code, seconds, excerpt) ON commands TO daimon_reader;
GRANT SELECT (id, name, size, media_type, uploaded, state, problem, passages) ON documents TO daimon_reader;

CREATE OR REPLACE VIEW reader.events WITH (security_invoker, security_barrier) AS
SELECT id, sequence, time, actor, kind, sentence, conversation, cause, data
FROM public.events;

CREATE OR REPLACE VIEW reader.messages WITH (security_invoker, security_barrier) AS
SELECT e.id AS event, e.sequence, e.time, m.conversation, m.turn, m.role, e.actor, m.text, m.action, m.outcome
FROM public.messages AS m
JOIN public.events AS e ON e.id = m.event;

CREATE OR REPLACE VIEW reader.tasks WITH (security_invoker, security_barrier) AS
SELECT id, position, title, done, actor, added, changed
FROM public.tasks;

CREATE OR REPLACE VIEW reader.conversations WITH (security_invoker, security_barrier) AS
SELECT id, title, time, exchanges
FROM public.conversations;

CREATE OR REPLACE VIEW reader.commands WITH (security_invoker, security_barrier) AS
SELECT e.id AS event, e.time, e.conversation, e.actor, c.command, c.exit_code, c.seconds, c.excerpt
FROM public.commands AS c
JOIN public.events AS e ON e.id = c.event;

CREATE OR REPLACE VIEW reader.documents WITH (security_invoker, security_barrier) AS
SELECT id, name, size, media_type, uploaded, state, problem, passages
FROM public.documents;

-- The noun `suggestion` is kept for whoever suggests something unasked; each of its events is a row here.
CREATE VIEW reader.suggestions WITH (security_invoker, security_barrier) AS
SELECT id AS event, time, conversation, actor, split_part(kind, '.', 2) AS state, sentence, data
FROM public.events
WHERE kind LIKE 'suggestion.%';
GRANT SELECT ON reader.suggestions TO daimon_reader;

COMMENT ON COLUMN reader.events.id IS 'Its id, a UUID; what other views call event.';
COMMENT ON COLUMN reader.events.time IS 'When it happened.';
COMMENT ON COLUMN reader.messages.event IS 'The id of its event.';
COMMENT ON COLUMN reader.messages.sequence IS 'The place of its event in the log.';
COMMENT ON COLUMN reader.messages.time IS 'When it was said.';
COMMENT ON COLUMN reader.messages.conversation IS 'The conversation it was said in.';
COMMENT ON COLUMN reader.messages.actor IS 'Who said it: user, model or plugin-NAME.';
COMMENT ON COLUMN reader.messages.text IS 'What was said; of a call its arguments as JSON, of a result what came back.';
COMMENT ON COLUMN reader.tasks.id IS 'Its id, which events of it have as data->>''task''.';
COMMENT ON COLUMN reader.tasks.title IS 'What is to be done.';
COMMENT ON COLUMN reader.tasks.done IS 'Whether it is done.';
COMMENT ON COLUMN reader.tasks.added IS 'When it came onto the list.';
COMMENT ON COLUMN reader.tasks.changed IS 'When it was last changed.';
COMMENT ON COLUMN reader.conversations.id IS 'What events and messages have as conversation.';
COMMENT ON COLUMN reader.conversations.title IS 'Its name, or what was asked first.';
COMMENT ON COLUMN reader.commands.event IS 'The id of its event.';
COMMENT ON COLUMN reader.commands.time IS 'When it ended.';
COMMENT ON COLUMN reader.commands.conversation IS 'The conversation whose box it ran in.';
COMMENT ON COLUMN reader.commands.actor IS 'Who ran it.';
COMMENT ON COLUMN reader.commands.command IS 'The command, as the shell got it.';
COMMENT ON COLUMN reader.commands.exit_code IS '0 where it succeeded.';
COMMENT ON COLUMN reader.commands.seconds IS 'How long it took.';
COMMENT ON COLUMN reader.documents.id IS 'Its id, which events of it have as data->>''document''.';
COMMENT ON COLUMN reader.documents.name IS 'Its file name.';
COMMENT ON COLUMN reader.documents.size IS 'In bytes.';
COMMENT ON COLUMN reader.documents.media_type IS 'Such as text/plain.';
COMMENT ON COLUMN reader.documents.uploaded IS 'When it was handed in.';
COMMENT ON COLUMN reader.documents.problem IS 'Why it was not read, or not to its end; else empty.';
COMMENT ON VIEW reader.suggestions IS 'What was suggested unasked, and what became of it, one row an event.';
COMMENT ON COLUMN reader.suggestions.event IS 'The id of the event.';
COMMENT ON COLUMN reader.suggestions.time IS 'When it happened.';
COMMENT ON COLUMN reader.suggestions.conversation IS 'The conversation it belongs to; null when none.';
COMMENT ON COLUMN reader.suggestions.actor IS 'Who suggested, or decided.';
COMMENT ON COLUMN reader.suggestions.state IS 'What happened to it: the second word of the event''s kind.';
COMMENT ON COLUMN reader.suggestions.sentence IS 'One English line of what happened.';
COMMENT ON COLUMN reader.suggestions.data IS 'Its details as jsonb.';
