-- What memory tells of itself.

-- name: standing
-- Sealed vectors have been counted already, and of a long queue only so many are.
WITH counted AS (
    SELECT engine, sum(vectors)::bigint AS vectors
    FROM (
        SELECT engine, count(*) AS vectors FROM hot_vectors GROUP BY engine
        UNION ALL
        SELECT engine, vectors FROM segments WHERE attached
    ) AS kept
    GROUP BY engine
)
SELECT
    p.events, p.engine, p.coming,
    (SELECT count(*) FROM (SELECT FROM waiting LIMIT %(counted)s + 1) AS bounded) AS waiting,
    coalesce((SELECT vectors FROM counted WHERE engine = p.engine), 0) AS vectors,
    coalesce((SELECT vectors FROM counted WHERE engine = p.coming), 0) AS made
FROM progress AS p

-- name: sample_events
-- Evenly from the first to the last, at places that stay the same until the log is twice as long.
WITH bounds AS (
    SELECT
        (SELECT sequence FROM events WHERE user_name = %(user)s ORDER BY sequence LIMIT 1) AS low,
        (
            SELECT sequence FROM events
            WHERE user_name = %(user)s AND sequence <= coalesce(%(upto)s::bigint, 9223372036854775807)
            ORDER BY sequence DESC LIMIT 1
        ) AS high
), width AS (
    SELECT low, high, power(2, ceil(log(2, greatest((high - low + 1) / %(points)s::numeric, 1))))::bigint AS step
    FROM bounds
)
SELECT e.id::text AS event, e.kind, e.sentence AS text, public.halfvec_send(v.vector) AS vector
FROM width
CROSS JOIN LATERAL generate_series(low - low % step, high, step) AS place
CROSS JOIN LATERAL (
    SELECT first.* FROM (
        SELECT id, kind, sentence, text_hash FROM events
        WHERE user_name = %(user)s AND sequence >= place AND sequence < least(place + step, high + 1)
        ORDER BY sequence LIMIT 60
    ) AS first
    WHERE first.kind <> ALL (%(hidden)s::text[]) AND first.sentence <> ''
    LIMIT 1
) AS e
JOIN vectors AS v ON v.text_hash = e.text_hash AND v.engine = (SELECT engine FROM progress)
ORDER BY place

-- name: sample_passages
-- Of the newest documents some passages each, from the first on.
SELECT p.document, p.page, p.line, left(p.heading || ' ' || p.text, 80) AS text,
    public.halfvec_send(v.vector) AS vector
FROM (
    SELECT id FROM documents
    WHERE user_name = %(user)s AND (%(upto)s::bigint IS NULL OR uploaded <= (
        SELECT time FROM events WHERE user_name = %(user)s AND sequence <= %(upto)s::bigint
        ORDER BY sequence DESC LIMIT 1
    ))
    ORDER BY uploaded DESC LIMIT 20
) AS d
CROSS JOIN LATERAL (
    SELECT * FROM passages WHERE user_name = %(user)s AND document = d.id ORDER BY place LIMIT %(each)s
) AS p
JOIN vectors AS v ON v.text_hash = p.text_hash AND v.engine = (SELECT engine FROM progress)
ORDER BY p.id
LIMIT %(points)s

-- name: about_how_many
SELECT count(*) AS count FROM (
    SELECT FROM events
    WHERE user_name = %(user)s AND sequence <= coalesce(%(upto)s::bigint, 9223372036854775807) LIMIT 10001
) AS bounded
