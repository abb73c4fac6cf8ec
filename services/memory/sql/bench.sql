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
