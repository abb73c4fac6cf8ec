-- Every statement of memory, by name.

-- name: create_migrations
CREATE TABLE IF NOT EXISTS migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    applied timestamptz NOT NULL DEFAULT now()
)

-- name: migrations
SELECT number, name, checksum FROM migrations ORDER BY number

-- name: record_migration
INSERT INTO migrations (number, name, checksum) VALUES (%(number)s, %(name)s, %(checksum)s)

-- name: requirements
SELECT
    EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') AS vector,
    EXISTS (SELECT FROM pg_roles WHERE rolname = 'daimon_reader') AS reader

-- name: lock
SELECT pg_advisory_lock(hashtext('daimon'), %(lock)s)

-- name: try_lock
SELECT pg_try_advisory_lock(hashtext('daimon'), %(lock)s) AS held

-- name: unlock
SELECT pg_advisory_unlock(hashtext('daimon'), %(lock)s)

-- name: position
SELECT sequence FROM progress

-- name: event_at
SELECT id::text FROM events WHERE sequence = %(sequence)s

-- name: await_vectors
INSERT INTO waiting (text_hash, text, sequence)
SELECT DISTINCT ON (e.text_hash) e.text_hash, meant(e.kind, e.sentence, e.body), e.sequence
FROM events AS e
WHERE e.sequence = ANY (%(sequences)s)
    -- What a call asks for and leads to stands in the events it causes and in the answer too.
    AND e.kind NOT IN ('chat.called', 'chat.returned')
    AND NOT EXISTS (
        SELECT FROM vectors AS v
        WHERE v.text_hash = e.text_hash AND v.engine = {engine_to_embed_by}
    )
ORDER BY e.text_hash, e.sequence DESC
ON CONFLICT (text_hash) DO NOTHING

-- name: advance
UPDATE progress SET sequence = greatest(sequence, %(sequence)s), events = events + %(events)s

-- name: load_tasks
SELECT id, title, done, position, actor, added, changed FROM tasks WHERE user_name = %(user)s ORDER BY position

-- name: save_tasks
INSERT INTO tasks (user_name, id, title, done, position, actor, added, changed)
SELECT %(user)s, *
FROM unnest(
    %(id)s::text[], %(title)s::text[], %(done)s::boolean[], %(position)s::integer[], %(actor)s::text[],
    %(added)s::timestamptz[], %(changed)s::timestamptz[]
)
ON CONFLICT (user_name, id) DO UPDATE SET
    title = excluded.title, done = excluded.done, position = excluded.position, actor = excluded.actor,
    changed = excluded.changed

-- name: drop_tasks
DELETE FROM tasks WHERE user_name = %(user)s AND id = ANY (%(id)s)

-- name: save_conversations
INSERT INTO conversations (user_name, id, title, time, exchanges)
SELECT *
FROM unnest(
    %(user)s::text[], %(id)s::text[], %(title)s::text[], %(time)s::timestamptz[], %(exchanges)s::integer[]
)
ON CONFLICT (user_name, id) DO UPDATE SET
    title = coalesce(nullif(conversations.title, ''), excluded.title),
    time = greatest(conversations.time, excluded.time),
    exchanges = conversations.exchanges + excluded.exchanges

-- name: name_conversations
UPDATE conversations
SET title = named.title
FROM unnest(%(user)s::text[], %(id)s::text[], %(title)s::text[]) AS named (user_name, id, title)
WHERE conversations.user_name = named.user_name AND conversations.id = named.id

-- name: mark_conversations
-- Null leaves a mark as it is; tags come as lines.
UPDATE conversations
SET
    pinned = coalesce(marked.pinned, conversations.pinned),
    archived = coalesce(marked.archived, conversations.archived),
    deleted = coalesce(marked.deleted, conversations.deleted),
    tags = coalesce(string_to_array(marked.tags, E'\n'), conversations.tags)
FROM unnest(
    %(user)s::text[], %(id)s::text[], %(pinned)s::boolean[], %(archived)s::boolean[], %(deleted)s::boolean[],
    %(tags)s::text[]
) AS marked (user_name, id, pinned, archived, deleted, tags)
WHERE conversations.user_name = marked.user_name AND conversations.id = marked.id

-- name: insert_messages
INSERT INTO messages (event, user_name, conversation, turn, role, text, action, outcome)
SELECT *
FROM unnest(
    %(event)s::uuid[], %(user)s::text[], %(conversation)s::text[], %(turn)s::text[], %(role)s::text[],
    %(text)s::text[], %(action)s::text[], %(outcome)s::text[]
)

-- name: insert_commands
INSERT INTO commands (event, user_name, command, exit_code, seconds, excerpt)
SELECT *
FROM unnest(
    %(event)s::uuid[], %(user)s::text[], %(command)s::text[], %(exit_code)s::integer[],
    %(seconds)s::double precision[], %(excerpt)s::text[]
)

-- name: next_texts
SELECT
    text_hash, left(text, %(characters)s) AS text,
    EXISTS (
        SELECT FROM vectors AS v
        WHERE v.text_hash = waiting.text_hash AND v.engine = {engine_to_embed_by}
    ) AS made
FROM waiting
ORDER BY sequence DESC
LIMIT %(limit)s

-- name: engine_to_embed_by
(SELECT CASE WHEN coming <> '' THEN coming ELSE engine END FROM progress)

-- name: use_engine
-- The first serves at once; another one comes, and serves when it is through.
UPDATE progress SET
    engine = CASE engine WHEN '' THEN %(engine)s ELSE engine END,
    coming = CASE WHEN engine IN ('', %(engine)s) THEN '' ELSE %(engine)s END
WHERE engine = '' OR coming <> CASE engine WHEN %(engine)s THEN '' ELSE %(engine)s END

-- name: serve_coming_engine
UPDATE progress SET engine = coming, coming = '' WHERE coming <> '' AND NOT EXISTS (SELECT FROM waiting)

-- name: retire_engines
SELECT retire_engines(engine) FROM progress

-- name: await_other_vectors
INSERT INTO waiting (text_hash, text, sequence)
SELECT DISTINCT ON (e.text_hash) e.text_hash, meant(e.kind, e.sentence, e.body), e.sequence
FROM events AS e
WHERE e.kind NOT IN ('chat.called', 'chat.returned')
    AND NOT EXISTS (SELECT FROM vectors AS v WHERE v.text_hash = e.text_hash AND v.engine = %(engine)s)
ORDER BY e.text_hash, e.sequence DESC
ON CONFLICT (text_hash) DO NOTHING

-- name: await_other_vectors_of_passages
INSERT INTO waiting (text_hash, text, sequence)
SELECT DISTINCT ON (p.text_hash) p.text_hash, p.heading || E'\n' || p.text, 0
FROM passages AS p
WHERE p.user_name <> '' AND NOT EXISTS (SELECT FROM vectors AS v WHERE v.text_hash = p.text_hash AND v.engine = %(engine)s)
ORDER BY p.text_hash
ON CONFLICT (text_hash) DO NOTHING

-- name: save_vectors
INSERT INTO hot_vectors (engine, text_hash, vector)
SELECT %(engine)s, text_hash, vector::public.halfvec
FROM unnest(%(text_hash)s::bytea[], %(vector)s::text[]) AS made (text_hash, vector)
WHERE NOT EXISTS (SELECT FROM vectors AS v WHERE v.text_hash = made.text_hash AND v.engine = %(engine)s)
ON CONFLICT DO NOTHING

-- name: no_longer_waiting
-- In the order in which the projector adds them, so that neither waits for the other.
DELETE FROM waiting
WHERE text_hash IN (
    SELECT text_hash FROM waiting WHERE text_hash = ANY (%(text_hash)s) ORDER BY text_hash FOR UPDATE
)

-- name: hot
SELECT
    engine, count(*) AS vectors,
    (SELECT public.vector_dims(one.vector) FROM hot_vectors AS one WHERE one.engine = h.engine LIMIT 1) AS dimensions
FROM hot_vectors AS h
GROUP BY engine

-- name: sealed
SELECT id, engine, dimensions, vectors FROM segments WHERE attached ORDER BY id DESC

-- name: build_segment
SELECT build_segment(%(engine)s, %(size)s, %(absorbed)s::integer[], %(kilobytes)s) AS id

-- name: swap_segment
SELECT swap_segment(%(made)s, %(absorbed)s::integer[])

-- name: drop_unfinished_segments
SELECT drop_unfinished_segments()

-- name: progress
SELECT
    sequence, events, engine, coming,
    (SELECT count(*) FROM waiting JOIN events USING (text_hash))
    + (SELECT count(*) FROM waiting JOIN passages USING (text_hash)) AS waiting
FROM progress

-- name: backlog
SELECT count(*) AS events
FROM (
    SELECT FROM waiting AS w
    JOIN events AS e ON e.text_hash = w.text_hash AND e.user_name = %(user)s
    WHERE e.kind <> ALL (%(hidden)s::text[])
        -- While another engine makes its vectors, those of the old one serve.
        AND NOT EXISTS (
            SELECT FROM vectors AS v WHERE v.text_hash = w.text_hash AND v.engine = (SELECT engine FROM progress)
        )
    LIMIT 1000
) AS counted

-- name: distance
(v.vector::public.halfvec({dimensions}))
OPERATOR(public.<=>) %(vector)s::public.halfvec({dimensions})

-- name: filters
e.user_name = %(user)s
AND e.kind <> ALL (%(hidden)s::text[])
AND (cardinality(%(kinds)s::text[]) = 0 OR e.kind = ANY (%(kinds)s) OR split_part(e.kind, '.', 1) = ANY (%(kinds)s))
AND (%(by)s = '' OR e.actor = %(by)s)
AND (%(conversation)s = '' OR e.conversation = %(conversation)s)
AND (%(since)s::timestamptz IS NULL OR e.time >= %(since)s::timestamptz)
AND (%(until)s::timestamptz IS NULL OR e.time < %(until)s::timestamptz)

-- name: parse
-- The stems of a query, or its plain words where English has only fillers; and the query with its operators.
SELECT
    tsvector_to_array(CASE WHEN length(stems) > 0 THEN stems ELSE words END) AS lexemes,
    CASE WHEN numnode(strict) > 0 THEN strict::text ELSE '' END AS strict
FROM
    to_tsvector('english', %(query)s) AS stems,
    to_tsvector('simple', %(query)s) AS words,
    websearch_to_tsquery('english', %(query)s) AS strict

-- name: served_engine
SELECT engine FROM progress

-- name: size_of_log
SELECT count(*) AS count FROM events WHERE user_name = %(user)s AND kind <> ALL (%(hidden)s::text[])

-- name: count_terms
-- How many of a user's events have a word: counted where it is rare, and estimated from the newest where it is not.
SELECT
    term::text,
    CASE WHEN counted <= %(exactly)s THEN counted ELSE greatest(counted, (
        SELECT count(*) FILTER (WHERE fts @@ term) * %(size)s / greatest(count(*), 1)
        FROM (
            SELECT fts FROM events
            WHERE user_name = %(user)s AND kind <> ALL (%(hidden)s::text[])
            ORDER BY sequence DESC LIMIT %(sample)s
        ) AS newest
    )) END AS count
FROM unnest(%(terms)s::tsquery[]) AS asked (term)
CROSS JOIN LATERAL (
    SELECT count(*) FROM (
        SELECT FROM events
        WHERE user_name = %(user)s AND fts @@ term AND kind <> ALL (%(hidden)s::text[])
        LIMIT %(exactly)s + 1
    ) AS found
) AS bounded (counted)

-- name: matching
SELECT count(*) AS count FROM (SELECT FROM events AS e WHERE {filters} LIMIT %(most)s + 1) AS bounded

-- name: coverage
-- The share of the query's weight that a text has, a little less in a long one (BM25 with one occurrence a word).
(
    SELECT coalesce(sum(weight), 0)
    FROM unnest(%(terms)s::tsquery[], %(weights)s::float8[]) AS asked (term, weight)
    WHERE e.fts @@ term
)
/ (1 + 0.1 * (least(length(e.fts) / 24.0, 8) - 1))

-- name: words
-- Of what has enough of the words, what covers most.
SELECT sequence
FROM (
    SELECT e.sequence, e.fts FROM events AS e
    WHERE e.fts @@ %(any)s::tsquery AND {filters}
    ORDER BY e.sequence DESC LIMIT %(most)s
) AS e
ORDER BY {coverage} DESC, sequence DESC
LIMIT %(limit)s

-- name: nearest
SELECT sequence
FROM (
    SELECT e.sequence, {distance} AS distance
    FROM vectors AS v
    CROSS JOIN LATERAL (
        SELECT e.sequence FROM events AS e
        WHERE e.text_hash = v.text_hash AND {filters}
        -- The same words may have been said a thousand times; the last times stand for all.
        ORDER BY e.sequence DESC
        LIMIT 3
    ) AS e
    WHERE v.engine = %(engine)s
    ORDER BY {distance}
    LIMIT %(limit)s
) AS near
WHERE distance < %(farthest)s

-- name: nearest_of_few
-- The same where so few match that measuring each is faster than passing by all others.
SELECT sequence
FROM (
    SELECT
        e.sequence, {distance} AS distance,
        row_number() OVER (PARTITION BY e.text_hash ORDER BY e.sequence DESC) AS repetition
    FROM (SELECT e.sequence, e.text_hash FROM events AS e WHERE {filters} OFFSET 0) AS e
    CROSS JOIN LATERAL (
        SELECT v.vector FROM vectors AS v WHERE v.text_hash = e.text_hash AND v.engine = %(engine)s OFFSET 0
    ) AS v
) AS near
WHERE distance < %(farthest)s AND repetition <= 3
ORDER BY distance
LIMIT %(limit)s

-- name: weigh
SELECT
    e.sequence, e.time, e.conversation IS NOT NULL AS in_conversation, {coverage} AS coverage,
    coalesce(1 - ({distance}), 0) AS likeness
FROM events AS e
LEFT JOIN vectors AS v ON v.text_hash = e.text_hash AND v.engine = %(engine)s
WHERE e.sequence = ANY (%(sequences)s) AND (%(strict)s = '' OR e.fts @@ %(strict)s::tsquery)

-- name: around
-- The places in the log next to some, within their conversations.
SELECT e.sequence AS beside, n.sequence, n.step
FROM events AS e
CROSS JOIN LATERAL (
    (
        SELECT n.sequence, row_number() OVER (ORDER BY n.sequence DESC) AS step FROM events AS n
        WHERE n.user_name = e.user_name AND n.conversation = e.conversation AND n.sequence < e.sequence
            AND n.kind <> ALL (%(hidden)s::text[])
        ORDER BY n.sequence DESC LIMIT %(reach)s
    )
    UNION ALL
    (
        SELECT n.sequence, row_number() OVER (ORDER BY n.sequence) AS step FROM events AS n
        WHERE n.user_name = e.user_name AND n.conversation = e.conversation AND n.sequence > e.sequence
            AND n.kind <> ALL (%(hidden)s::text[])
        ORDER BY n.sequence LIMIT %(reach)s
    )
) AS n
WHERE e.sequence = ANY (%(sequences)s) AND e.user_name = %(user)s

-- name: read_found
SELECT sequence, id::text AS event, time, kind, actor, sentence, coalesce(conversation, '') AS conversation
FROM events WHERE sequence = ANY (%(sequences)s) AND user_name = %(user)s

-- name: place_of_event
SELECT sequence FROM events WHERE id = %(event)s::uuid AND user_name = %(user)s

-- name: recent
SELECT
    id::text, time, user_name AS user, actor, kind, sentence, coalesce(conversation, '') AS conversation,
    coalesce(cause, '') AS cause, data::text AS data, version
FROM events
WHERE user_name = %(user)s
    AND sequence < %(before)s
    AND time <= %(upto)s
    AND (cardinality(%(kinds)s::text[]) = 0 OR kind = ANY (%(kinds)s) OR split_part(kind, '.', 1) = ANY (%(kinds)s))
ORDER BY sequence DESC
LIMIT %(limit)s

-- name: conversations
SELECT id, title, time, exchanges, pinned, archived, deleted, tags
FROM conversations
WHERE user_name = %(user)s
    AND (time, id) < (%(before)s, %(before_id)s)
    AND (%(shelf)s = 'all' OR deleted = (%(shelf)s = 'deleted'))
    AND (%(shelf)s IN ('all', 'deleted') OR archived = (%(shelf)s = 'archived'))
    AND (%(pinned)s::boolean IS NULL OR pinned = %(pinned)s)
    AND (%(tag)s = '' OR %(tag)s = ANY (tags))
    AND title || ' ' || array_to_string(tags, ' ') ILIKE ALL (%(words)s::text[])
ORDER BY time DESC, id DESC
LIMIT %(limit)s

-- name: conversations_as_of
-- Its title is still the whole of the first message.
SELECT id, title, time, exchanges
FROM (
    SELECT
        m.conversation AS id,
        coalesce((array_agg(m.text ORDER BY e.sequence) FILTER (WHERE m.role = 'user'))[1], '') AS title,
        max(e.time) AS time,
        count(*) FILTER (WHERE m.role = 'user') AS exchanges
    FROM messages AS m
    JOIN events AS e ON e.id = m.event
    WHERE m.user_name = %(user)s
        AND m.role IN ('user', 'assistant')
        AND e.sequence <= %(sequence)s
        AND e.time <= %(upto)s
    GROUP BY m.conversation
) AS seen
WHERE (time, id) < (%(before)s, %(before_id)s)
ORDER BY time DESC, id DESC
LIMIT %(limit)s

-- name: seat
INSERT INTO reader_sessions (pid, user_name) VALUES (%(pid)s, %(user)s)
ON CONFLICT (pid) DO UPDATE SET user_name = excluded.user_name

-- name: unseat
DELETE FROM reader_sessions WHERE pid = %(pid)s

-- name: reader_is_held
SELECT
    NOT has_function_privilege('daimon_reader', 'pg_catalog.set_config(text, text, boolean)', 'EXECUTE')
    AND NOT has_function_privilege('daimon_reader', 'pg_catalog.pg_stat_get_activity(integer)', 'EXECUTE') AS held

-- name: columns
SELECT
    c.relname::text AS view, coalesce(obj_description(c.oid, 'pg_class'), '') AS view_meaning,
    a.attname::text AS name, format_type(a.atttypid, a.atttypmod) AS type,
    coalesce(col_description(c.oid, a.attnum), '') AS meaning
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'reader'::regnamespace AND c.relkind = 'v'
ORDER BY array_position(%(views)s::text[], c.relname::text), a.attnum

-- name: begin_question
BEGIN READ ONLY

-- name: check_question
PREPARE question AS

-- name: open_answer
DECLARE answer NO SCROLL CURSOR FOR
SELECT answer.* FROM (SELECT * FROM (
{question}
) AS asked LIMIT {rows}) AS answer WHERE reader.within(octet_length(answer::text), {bytes})

-- name: fetch_answer
FETCH FORWARD 20 FROM answer

-- name: analyze
ANALYZE events

-- name: database_size
SELECT pg_database_size(current_database()) AS bytes

-- name: rank_naively
SELECT e.id
FROM events AS e
JOIN vectors AS v ON v.text_hash = e.text_hash AND v.engine = %(engine)s
WHERE e.user_name = %(user)s
ORDER BY ts_rank(e.fts, websearch_to_tsquery('english', replace(%(query)s, ' ', ' or '))) + 1 - ({distance}) DESC
LIMIT 10
