-- What the bench of events is measured against: rows without anything that follows from them.

-- name: make_raw
CREATE TABLE IF NOT EXISTS raw_events (
    id uuid PRIMARY KEY,
    sequence bigint NOT NULL,
    time timestamptz NOT NULL,
    user_name text NOT NULL,
    actor text NOT NULL,
    kind text NOT NULL,
    sentence text NOT NULL,
    data jsonb NOT NULL,
    version integer NOT NULL
)

-- name: insert_raw
INSERT INTO raw_events (id, sequence, time, user_name, actor, kind, sentence, data, version)
SELECT id, sequence, time, user_name, actor, kind, sentence, data::jsonb, version
FROM unnest(
    %(id)s::uuid[], %(sequence)s::bigint[], %(time)s::timestamptz[], %(user)s::text[], %(actor)s::text[],
    %(kind)s::text[], %(sentence)s::text[], %(data)s::text[], %(version)s::integer[]
) AS arrived (id, sequence, time, user_name, actor, kind, sentence, data, version)
ON CONFLICT DO NOTHING

-- name: drop_raw
DROP TABLE raw_events

-- name: rank_exactly
-- The score of search for everything there is, without bounds and without candidates.
SELECT sequence, time, in_conversation, coverage, likeness
FROM (
    SELECT
        e.sequence, e.time, e.conversation IS NOT NULL AS in_conversation, {coverage} AS coverage,
        coalesce(1 - ({distance}), 0) AS likeness
    FROM events AS e
    LEFT JOIN vectors AS v ON v.text_hash = e.text_hash AND v.engine = %(engine)s
    WHERE {filters}
) AS e
ORDER BY power(coverage + %(meaning)s * greatest(0, likeness - %(unlike)s), %(strength)s) DESC, sequence DESC
LIMIT 1000

-- name: make_incremental
CREATE TABLE incremental AS
SELECT text_hash, vector::public.halfvec({dimensions}) AS vector FROM vectors WHERE engine = %(engine)s

-- name: index_incremental
CREATE INDEX ON incremental USING hnsw (vector public.halfvec_cosine_ops)

-- name: insert_incremental
INSERT INTO incremental (text_hash, vector)
SELECT text_hash, vector::public.halfvec FROM unnest(%(text_hash)s::bytea[], %(vector)s::text[]) AS made (text_hash, vector)

-- name: drop_incremental
DROP TABLE incremental
