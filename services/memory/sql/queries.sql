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

-- name: changes_engine
-- Whether this is another one than until now. Before the first, all texts wait anyway.
SELECT engine <> '' AND {engine_to_embed_by} <> %(engine)s AS changes FROM progress

-- name: take_time
-- Up to the end of the transaction.
SET LOCAL statement_timeout = 0

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

-- name: clear_hot
-- Until then every search passes through what was there.
VACUUM (ANALYZE) hot_vectors

-- name: drop_unfinished_segments
SELECT drop_unfinished_segments()

-- name: progress
SELECT
    sequence, events, engine, coming,
    (SELECT coalesce(sum(upto), 0)::bigint FROM languages) AS relearning,
    -- One text may wait for a million events that say it.
    (SELECT count(*) FROM (SELECT FROM waiting JOIN events USING (text_hash) LIMIT 100000) AS bounded)
    + (SELECT count(*) FROM (SELECT FROM waiting JOIN passages USING (text_hash) LIMIT 100000) AS bounded) AS waiting
FROM progress

-- name: backlog
SELECT count(*)
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
-- A line that begins with a name in a comment stands only where that filter is given: a plan is made once for each set
-- of filters, and is a good one then.
e.kind <> ALL (%(hidden)s::text[])
/* kinds */ AND (e.kind = ANY (%(kinds)s::text[])
/* nouns */ OR split_part(e.kind, '.', 1) = ANY (%(nouns)s::text[])
/* kinds */ )
-- Within a time the pages of that time are read; all entries of a kind would be more.
/* since */ IS TRUE
/* by */ AND e.actor = %(by)s
/* conversation */ AND e.conversation = %(conversation)s
/* since */ AND e.time >= %(since)s::timestamptz
/* until */ AND e.time < %(until)s::timestamptz
AND e.user_name = %(user)s

-- name: parsed
-- The stems of a query, or its plain words where its language has only fillers; and the query with its operators.
tsvector_to_array(CASE WHEN length(stems) > 0 THEN stems ELSE words END) AS lexemes,
    CASE WHEN numnode(strict) > 0 THEN strict::text ELSE '' END AS strict

-- name: parsing
language_of(%(user)s) AS language,
    to_tsvector(language, %(query)s) AS stems,
    to_tsvector('simple', %(query)s) AS words,
    websearch_to_tsquery(language, %(query)s) AS strict

-- name: parse
SELECT
    {parsed}
FROM
    {parsing}

-- name: open_search
-- Everything that a search has to know first, in one look.
SELECT
    {parsed},
    engine, ({backlog}) AS waiting
FROM
    progress,
    {parsing}

-- name: served_engine
SELECT engine FROM progress

-- name: size_of_log
SELECT count(*) AS count FROM events WHERE user_name = %(user)s

-- name: whole_log
SELECT tsvector_to_array(fts) AS words, kind = ANY (%(hidden)s::text[]) AS hidden FROM events
WHERE user_name = %(user)s
LIMIT %(sampled)s

-- name: sample_of_log
-- Texts at even distances.
SELECT tsvector_to_array(one.fts) AS words, one.kind = ANY (%(hidden)s::text[]) AS hidden
FROM (SELECT min(sequence) AS first, max(sequence) AS last FROM events WHERE user_name = %(user)s) AS log
CROSS JOIN LATERAL generate_series(log.first, log.last, greatest(1, (log.last - log.first) / %(sampled)s)) AS place
CROSS JOIN LATERAL (
    SELECT fts, kind FROM events WHERE user_name = %(user)s AND sequence >= place ORDER BY sequence LIMIT 1
) AS one
LIMIT %(sampled)s

-- name: practices
-- Texts at even distances of the log, one for so many vectors that have an index, with what they mean.
SELECT
    e.user_name AS user, e.kind, e.time, left(coalesce(nullif(e.body, ''), e.sentence), %(characters)s) AS text,
    s.engine, s.dimensions, v.vector::text AS vector
FROM (
    SELECT engine, max(dimensions) AS dimensions, least(sum(vectors) / %(each)s, %(most)s)::integer AS texts
    FROM segments
    WHERE attached
    GROUP BY engine
) AS s
CROSS JOIN (SELECT min(sequence) AS first, max(sequence) AS last FROM events) AS log
CROSS JOIN LATERAL generate_series(0, s.texts - 1) AS place
CROSS JOIN LATERAL (
    SELECT user_name, kind, time, sentence, body, text_hash FROM events
    WHERE sequence >= log.first + (log.last - log.first) * place / s.texts AND kind <> ALL (%(hidden)s::text[])
    ORDER BY sequence
    LIMIT 1
) AS e
CROSS JOIN LATERAL (
    SELECT vector FROM vectors WHERE text_hash = e.text_hash AND engine = s.engine LIMIT 1
) AS v

-- name: count_terms
-- How many of a user's events have a rare word, counted up to a bound.
SELECT
    term::text,
    (
        SELECT count(*) FROM (
            SELECT FROM events WHERE user_name = %(user)s AND fts @@ term LIMIT %(counted)s + 1
        ) AS found
    ) AS count
FROM unnest(%(terms)s::tsquery[]) AS asked (term)

-- name: coverage
-- The share of the query's weight that a text has, a little less in a long one (BM25 with one occurrence a word).
(
    CASE WHEN e.fts @@ %(term1)s::tsquery THEN %(weight1)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term2)s::tsquery THEN %(weight2)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term3)s::tsquery THEN %(weight3)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term4)s::tsquery THEN %(weight4)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term5)s::tsquery THEN %(weight5)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term6)s::tsquery THEN %(weight6)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term7)s::tsquery THEN %(weight7)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term8)s::tsquery THEN %(weight8)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term9)s::tsquery THEN %(weight9)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term10)s::tsquery THEN %(weight10)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term11)s::tsquery THEN %(weight11)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term12)s::tsquery THEN %(weight12)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term13)s::tsquery THEN %(weight13)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term14)s::tsquery THEN %(weight14)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term15)s::tsquery THEN %(weight15)s::float8 ELSE 0 END
    + CASE WHEN e.fts @@ %(term16)s::tsquery THEN %(weight16)s::float8 ELSE 0 END
)
/ (1 + 0.1 * (least(length(e.fts) / 24.0, 8) - 1))

-- name: fits_strictly
(%(strict)s::tsquery IS NULL OR e.fts @@ %(strict)s::tsquery)

-- name: likeness
coalesce((SELECT 1 - ({distance}) FROM vectors AS v WHERE v.text_hash = e.text_hash AND v.engine = %(engine)s), 0)

-- name: worded
-- Of what has enough of the words, what covers most. The bound is a fuse: what to fetch by was chosen to match fewer.
SELECT e.sequence, e.time, e.in_conversation, e.coverage, {likeness} AS likeness
FROM (
    SELECT e.*
    FROM (
        SELECT e.sequence, e.time, e.conversation IS NOT NULL AS in_conversation, e.text_hash, {coverage} AS coverage
        FROM events AS e
        WHERE (
            e.fts @@ %(fetch1)s::tsquery
    OR e.fts @@ %(fetch2)s::tsquery
    OR e.fts @@ %(fetch3)s::tsquery
    OR e.fts @@ %(fetch4)s::tsquery
    OR e.fts @@ %(fetch5)s::tsquery
    OR e.fts @@ %(fetch6)s::tsquery
    OR e.fts @@ %(fetch7)s::tsquery
    OR e.fts @@ %(fetch8)s::tsquery
        ) AND {fits_strictly} AND {filters}
        LIMIT 3000
    ) AS e
    ORDER BY e.coverage DESC, e.sequence DESC
    LIMIT 100
) AS e

-- name: worded_passages
-- Passages have their numbers below 0, and no age.
SELECT e.sequence, e.time, e.in_conversation, e.coverage, {likeness} AS likeness
FROM (
    SELECT -e.id AS sequence, 'epoch'::timestamptz AS time, false AS in_conversation, e.text_hash, {coverage} AS coverage
    FROM passages AS e
    WHERE (
        e.fts @@ %(fetch1)s::tsquery
    OR e.fts @@ %(fetch2)s::tsquery
    OR e.fts @@ %(fetch3)s::tsquery
    OR e.fts @@ %(fetch4)s::tsquery
    OR e.fts @@ %(fetch5)s::tsquery
    OR e.fts @@ %(fetch6)s::tsquery
    OR e.fts @@ %(fetch7)s::tsquery
    OR e.fts @@ %(fetch8)s::tsquery
    ) AND {fits_strictly} AND e.user_name = %(user)s
    ORDER BY coverage DESC, e.id
    LIMIT 30
) AS e

-- name: words
-- What fits a query by its words, documents with it.
{worded}
UNION ALL
({worded_passages})

-- name: words_of_events
{worded}

-- name: nearest
-- What is nearest in meaning, among all that happened and all documents.
SELECT e.sequence, e.time, e.in_conversation, e.coverage, 1 - ({distance}) AS likeness
FROM vectors AS v
CROSS JOIN LATERAL (
    (
        SELECT e.sequence, e.time, e.conversation IS NOT NULL AS in_conversation, {coverage} AS coverage
        FROM events AS e
        WHERE e.text_hash = v.text_hash AND {fits_strictly} AND {filters}
        -- The same words may have been said a thousand times; the last times stand for all.
        ORDER BY e.sequence DESC
        LIMIT 3
    )
    UNION ALL
    (
        SELECT -e.id, 'epoch', false, {coverage}
        FROM passages AS e
        WHERE e.text_hash = v.text_hash AND {fits_strictly} AND e.user_name = %(user)s
        LIMIT 1
    )
) AS e
WHERE v.engine = %(engine)s
ORDER BY {distance}
LIMIT 40

-- name: words_and_nearest
{words}
UNION ALL
({nearest})

-- name: nearest_passages
SELECT e.sequence, 'epoch'::timestamptz AS time, false AS in_conversation, e.coverage, 1 - ({distance}) AS likeness
FROM vectors AS v
CROSS JOIN LATERAL (
    SELECT -e.id AS sequence, {coverage} AS coverage
    FROM passages AS e
    WHERE e.text_hash = v.text_hash AND {fits_strictly} AND e.user_name = %(user)s
    LIMIT 1
) AS e
WHERE v.engine = %(engine)s
ORDER BY {distance}
LIMIT 30

-- name: nearest_events
SELECT e.sequence, e.time, e.in_conversation, e.coverage, 1 - ({distance}) AS likeness
FROM vectors AS v
CROSS JOIN LATERAL (
    SELECT e.sequence, e.time, e.conversation IS NOT NULL AS in_conversation, {coverage} AS coverage
    FROM events AS e
    WHERE e.text_hash = v.text_hash AND {fits_strictly} AND {filters}
    ORDER BY e.sequence DESC
    LIMIT 3
) AS e
WHERE v.engine = %(engine)s
ORDER BY {distance}
LIMIT 40

-- name: nearest_of_few
-- The same where so few match that measuring each is faster than passing by all others; `matching` tells whether.
WITH matched AS MATERIALIZED (
    SELECT e.sequence, e.text_hash FROM events AS e WHERE {filters} LIMIT 5001
),
counted AS MATERIALIZED (
    SELECT count(*) AS matching FROM matched
),
last AS (
    SELECT sequence, text_hash, row_number() OVER (PARTITION BY text_hash ORDER BY sequence DESC) AS repetition
    FROM matched
    WHERE (SELECT matching FROM counted) <= 5000
),
near AS MATERIALIZED (
    SELECT last.sequence, v.distance
    FROM last
    CROSS JOIN LATERAL (
        SELECT {distance} AS distance FROM vectors AS v
        WHERE v.text_hash = last.text_hash AND v.engine = %(engine)s OFFSET 0
    ) AS v
    WHERE repetition <= 3
    ORDER BY v.distance
    LIMIT 80
)
SELECT
    (SELECT matching FROM counted) AS matching, e.sequence, e.time, e.conversation IS NOT NULL AS in_conversation,
    {coverage} AS coverage, 1 - near.distance AS likeness
FROM near
JOIN events AS e USING (sequence)
WHERE {fits_strictly}
UNION ALL
SELECT matching, 0, 'epoch', false, 0, 0 FROM counted

-- name: neighbour
n.sequence, n.time, n.user_name, n.actor, n.kind, n.conversation, n.text_hash, n.fts

-- name: surroundings
-- What stands next to some places in the log, within their conversations, and how it fits by itself.
SELECT
    s.sequence AS beside, e.step, e.sequence, e.time, true AS in_conversation, {coverage} AS coverage,
    {likeness} AS likeness, {fits_strictly} AND {filters} AS found
FROM events AS s
CROSS JOIN LATERAL (
    (
        SELECT {neighbour}, row_number() OVER (ORDER BY n.sequence DESC) AS step FROM events AS n
        WHERE n.user_name = s.user_name AND n.conversation = s.conversation AND n.sequence < s.sequence
            AND n.kind <> ALL (%(hidden)s::text[])
        ORDER BY n.sequence DESC LIMIT %(reach)s
    )
    UNION ALL
    (
        SELECT {neighbour}, row_number() OVER (ORDER BY n.sequence) AS step FROM events AS n
        WHERE n.user_name = s.user_name AND n.conversation = s.conversation AND n.sequence > s.sequence
            AND n.kind <> ALL (%(hidden)s::text[])
        ORDER BY n.sequence LIMIT %(reach)s
    )
) AS e
WHERE s.sequence = ANY (%(sequences)s) AND s.user_name = %(user)s

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
INSERT INTO reader_sessions (pid, user_name, upto) VALUES (%(pid)s, %(user)s, %(upto)s)
ON CONFLICT (pid) DO UPDATE SET user_name = excluded.user_name, upto = excluded.upto

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
VACUUM (ANALYZE) events

-- name: database_size
SELECT pg_database_size(current_database()) AS bytes

-- name: rank_naively
SELECT e.id
FROM events AS e
JOIN vectors AS v ON v.text_hash = e.text_hash AND v.engine = %(engine)s
WHERE e.user_name = %(user)s
ORDER BY ts_rank(e.fts, websearch_to_tsquery('english', replace(%(query)s, ' ', ' or '))) + 1 - ({distance}) DESC
LIMIT 10
