-- Writing the chain of events, and proving it.

-- name: hold_position
SELECT sequence FROM progress FOR UPDATE

-- name: insert_events
-- What is not there yet, and the queue of texts that want a vector.
WITH arrived AS MATERIALIZED (
    SELECT DISTINCT ON (id)
        id, sequence, time, user_name, actor, kind, sentence, body, nullif(conversation, '') AS conversation,
        nullif(cause, '') AS cause, data::jsonb AS data, version, text_hash
    FROM unnest(
        %(id)s::uuid[], %(sequence)s::bigint[], %(time)s::timestamptz[], %(user)s::text[], %(actor)s::text[],
        %(kind)s::text[], %(sentence)s::text[], %(body)s::text[], %(conversation)s::text[], %(cause)s::text[],
        %(data)s::text[], %(version)s::integer[], %(text_hash)s::bytea[]
    ) AS arrived (
        id, sequence, time, user_name, actor, kind, sentence, body, conversation, cause, data, version, text_hash
    )
    -- One look into the index for each: to a join the planner would read the whole log.
    WHERE (SELECT true FROM events WHERE events.id = arrived.id) IS NULL
    ORDER BY id, sequence
),
fresh AS MATERIALIZED (
    SELECT *, digest_of(id, time, user_name, actor, kind, sentence, conversation, cause, data, version) AS digest
    FROM arrived
),
ends AS MATERIALIZED (
    SELECT
        user_name,
        (SELECT chain FROM events WHERE events.user_name = fresh.user_name ORDER BY sequence DESC LIMIT 1) AS chain,
        language_of(user_name) AS config
    FROM fresh
    GROUP BY user_name
),
days AS MATERIALIZED (
    SELECT day, config, searchable('', day::timestamp AT TIME ZONE 'UTC', config) AS words
    FROM (
        SELECT DISTINCT (time AT TIME ZONE 'UTC')::date AS day, config FROM fresh JOIN ends USING (user_name)
    ) AS lived
),
written AS (
    INSERT INTO events (
        id, sequence, time, user_name, actor, kind, sentence, body, conversation, cause, data, version, text_hash,
        digest, chain, fts
    )
    SELECT
        id, sequence, time, user_name, actor, kind, sentence, body, conversation, cause, data, version, text_hash,
        digest, chained(ends.chain, digest) OVER (PARTITION BY user_name ORDER BY sequence),
        CASE
            WHEN sentence = '' AND body = '' THEN ''
            ELSE worded(sentence || E'\n' || body, config, days.words)
        END
    FROM fresh
    JOIN ends USING (user_name)
    JOIN days USING (config)
    WHERE days.day = (fresh.time AT TIME ZONE 'UTC')::date
    ON CONFLICT (id) DO NOTHING
    RETURNING sequence, kind, sentence, body, text_hash
),
awaited AS (
    INSERT INTO waiting (text_hash, text, sequence)
    SELECT DISTINCT ON (text_hash) text_hash, meant(kind, sentence, body), sequence
    FROM written
    -- What a call asks for and leads to stands in the events it causes and in the answer too.
    WHERE kind NOT IN ('chat.called', 'chat.returned')
        AND (
            SELECT true FROM vectors AS v
            WHERE v.text_hash = written.text_hash AND v.engine = {engine_to_embed_by}
            LIMIT 1
        ) IS NULL
    ORDER BY text_hash, sequence DESC
    ON CONFLICT (text_hash) DO NOTHING
)
SELECT coalesce(array_agg(sequence), '{}') AS sequences FROM written

-- name: note_repeats
INSERT INTO repeats (sequence, event)
SELECT sequence, id
FROM unnest(%(sequence)s::bigint[], %(id)s::uuid[]) AS again (sequence, id)
ON CONFLICT (sequence) DO NOTHING

-- name: differences
-- Events of the log that SQL does not have as they are there.
SELECT
    arrived.sequence, arrived.id::text AS event, arrived.user_name AS user,
    CASE WHEN events.id IS NULL THEN 'missing' WHEN forgotten IS NOT NULL THEN 'kept' ELSE 'altered' END AS problem
FROM unnest(
    %(id)s::uuid[], %(sequence)s::bigint[], %(time)s::timestamptz[], %(user)s::text[], %(actor)s::text[],
    %(kind)s::text[], %(sentence)s::text[], %(conversation)s::text[], %(cause)s::text[], %(data)s::text[],
    %(version)s::integer[]
) AS arrived (id, sequence, time, user_name, actor, kind, sentence, conversation, cause, data, version)
LEFT JOIN events ON events.id = arrived.id
WHERE events.id IS NULL
    OR forgotten IS NOT NULL
    OR digest <> digest_of(
        events.id, events.time, events.user_name, events.actor, events.kind, events.sentence, events.conversation,
        events.cause, events.data, events.version
    )
    OR digest <> digest_of(
        arrived.id, arrived.time, arrived.user_name, arrived.actor, arrived.kind, arrived.sentence,
        nullif(arrived.conversation, ''), nullif(arrived.cause, ''), arrived.data::jsonb, arrived.version
    )
ORDER BY arrived.sequence

-- name: broken_rows
-- Rows that do not say what their hash says, or hang on another row than the one before.
SELECT *
FROM (
    SELECT
        sequence, id::text AS event, user_name AS user,
        CASE
            WHEN forgotten IS NULL
                AND digest <> digest_of(id, time, user_name, actor, kind, sentence, conversation, cause, data, version)
                THEN 'altered'
            WHEN chain <> link_of(
                (
                    SELECT before.chain FROM events AS before
                    WHERE before.user_name = events.user_name AND before.sequence < events.sequence
                    ORDER BY before.sequence DESC
                    LIMIT 1
                ),
                digest
            ) THEN 'unchained'
        END AS problem
    FROM events
    WHERE sequence > %(after)s AND sequence <= %(upto)s
) AS looked_at
WHERE problem IS NOT NULL
ORDER BY sequence

-- name: rows_beyond
-- Rows of places that the log had not reached when SQL last took from it.
SELECT sequence, id::text AS event, user_name AS user, 'unsent' AS problem
FROM events
WHERE sequence > (SELECT sequence FROM progress)
ORDER BY sequence
LIMIT 100

-- name: holes
-- Places of the log that are empty, and nothing was forgotten there.
SELECT place AS sequence, coalesce(there.id::text, '') AS event, coalesce(there.user_name, '') AS user, 'lost' AS problem
FROM unnest(%(places)s::bigint[]) AS place
LEFT JOIN events AS there ON there.sequence = place
WHERE there.forgotten IS NULL
    AND NOT EXISTS (
        SELECT FROM repeats JOIN events ON events.id = repeats.event
        WHERE repeats.sequence = place AND forgotten IS NOT NULL
    )
ORDER BY place

-- name: seal
-- One hash of all chains: two databases with the same seal hold the same events in the same order.
SELECT
    coalesce(encode(sha256(string_agg(chain, ''::bytea ORDER BY user_name)), 'hex'), '') AS seal,
    count(*) AS users, coalesce(sum(events), 0)::bigint AS events, coalesce(sum(forgotten), 0)::bigint AS forgotten
FROM (
    SELECT
        user_name, count(*) AS events, count(forgotten) AS forgotten,
        (
            SELECT chain FROM events AS e
            WHERE e.user_name = events.user_name AND e.sequence <= %(upto)s
            ORDER BY sequence DESC
            LIMIT 1
        ) AS chain
    FROM events
    WHERE sequence <= %(upto)s
    GROUP BY user_name
) AS chains

-- name: drop_intruders
-- Rows where the log has another event, and rows of places that it has not reached.
DELETE FROM events
WHERE sequence > (SELECT sequence FROM progress)
    OR EXISTS (
        SELECT FROM unnest(%(sequence)s::bigint[], %(id)s::uuid[]) AS arrived (sequence, id)
        WHERE arrived.sequence = events.sequence AND arrived.id <> events.id
    )

-- name: mend_events
INSERT INTO events (
    id, sequence, time, user_name, actor, kind, sentence, body, conversation, cause, data, version, text_hash,
    digest, chain
)
SELECT
    id, sequence, time, user_name, actor, kind, sentence, body, nullif(conversation, ''), nullif(cause, ''),
    data::jsonb, version, text_hash,
    digest_of(
        id, time, user_name, actor, kind, sentence, nullif(conversation, ''), nullif(cause, ''), data::jsonb, version
    ),
    ''
FROM unnest(
    %(id)s::uuid[], %(sequence)s::bigint[], %(time)s::timestamptz[], %(user)s::text[], %(actor)s::text[],
    %(kind)s::text[], %(sentence)s::text[], %(body)s::text[], %(conversation)s::text[], %(cause)s::text[],
    %(data)s::text[], %(version)s::integer[], %(text_hash)s::bytea[]
) AS arrived (
    id, sequence, time, user_name, actor, kind, sentence, body, conversation, cause, data, version, text_hash
)
ON CONFLICT (id) DO UPDATE SET
    time = excluded.time, user_name = excluded.user_name, actor = excluded.actor, kind = excluded.kind,
    sentence = excluded.sentence, body = excluded.body, conversation = excluded.conversation, cause = excluded.cause,
    data = excluded.data, version = excluded.version, text_hash = excluded.text_hash, digest = excluded.digest
WHERE events.forgotten IS NULL

-- name: chain_anew
UPDATE events SET chain = linked.chain
FROM (
    SELECT id, chained(NULL::bytea, digest) OVER (PARTITION BY user_name ORDER BY sequence) AS chain FROM events
) AS linked
WHERE linked.id = events.id AND linked.chain <> events.chain
