-- Reading a user's events back, in pages whose cost does not grow with the log.

-- name: place_of_event
SELECT sequence FROM events WHERE id = %(event)s::uuid AND user_name = %(user)s

-- name: last_place_by
SELECT sequence FROM events
WHERE user_name = %(user)s AND sequence <= %(beyond)s AND time <= %(upto)s
ORDER BY sequence DESC
LIMIT 1

-- name: place_at
-- Just beyond what had happened by a time, found by halving: the log is in the order of time, but for events of about the
-- same moment.
WITH RECURSIVE span (low, high) AS (
    SELECT min(sequence), max(sequence) FROM events WHERE user_name = %(user)s
    UNION ALL
    SELECT
        CASE WHEN probe.time <= %(upto)s THEN (low + high) / 2 ELSE low END,
        CASE WHEN probe.time <= %(upto)s THEN high ELSE (low + high) / 2 END
    FROM span
    CROSS JOIN LATERAL (
        SELECT e.time FROM events AS e
        WHERE e.user_name = %(user)s AND e.sequence <= (low + high) / 2
        ORDER BY e.sequence DESC
        LIMIT 1
    ) AS probe
    WHERE high - low > 100
)
SELECT min(high) + 100 AS sequence FROM span HAVING min(high) IS NOT NULL

-- name: event_columns
e.id::text, e.time, e.user_name AS user, e.actor, e.kind, e.sentence, coalesce(e.conversation, '') AS conversation,
coalesce(e.cause, '') AS cause, e.data::text AS data, e.version

-- name: recent
SELECT {event_columns}
FROM events AS e
WHERE e.user_name = %(user)s
    AND e.sequence < %(before)s
    AND e.time <= %(upto)s
    AND (%(by)s = '' OR e.actor = %(by)s)
ORDER BY e.sequence DESC
LIMIT %(limit)s

-- name: recent_of_kinds
-- The newest of each kind are read by themselves, so that a rare kind is as fast as a frequent one. The kind is bounded
-- from both sides and leads the order, so that only the index by kind can give it.
SELECT {event_columns}
FROM unnest(%(kinds)s::text[]) AS wanted (kind)
CROSS JOIN LATERAL (
    SELECT * FROM events AS e
    WHERE e.user_name = %(user)s
        AND e.kind BETWEEN wanted.kind AND wanted.kind
        AND e.sequence < %(before)s
        AND e.time <= %(upto)s
        AND (%(by)s = '' OR e.actor = %(by)s)
    ORDER BY e.kind, e.sequence DESC
    LIMIT %(limit)s
) AS e
ORDER BY e.sequence DESC
LIMIT %(limit)s

-- name: recent_with_words
-- Words are looked for among the newest events first: those that are everywhere are found there, and an index would
-- bring a million of them.
SELECT {event_columns}
FROM (
    SELECT * FROM events AS e
    WHERE e.user_name = %(user)s AND e.sequence < %(before)s
    ORDER BY e.sequence DESC
    LIMIT %(window)s
) AS e
WHERE e.fts @@ {these_words} AND {narrowed}
ORDER BY e.sequence DESC
LIMIT %(limit)s

-- name: recent_with_rare_words
-- Not in the order of an index: reading everything newest first for a word that is nowhere takes seconds.
SELECT {event_columns}
FROM events AS e
WHERE e.user_name = %(user)s AND e.sequence < %(before)s AND e.fts @@ {these_words} AND {narrowed}
ORDER BY e.sequence + 0 DESC
LIMIT %(limit)s

-- name: these_words
-- Plain words where English has only fillers.
(
    SELECT CASE WHEN numnode(english) > 0 THEN english ELSE websearch_to_tsquery('simple', %(words)s) END
    FROM websearch_to_tsquery('english', %(words)s) AS english
)

-- name: narrowed
e.time <= %(upto)s
AND (%(by)s = '' OR e.actor = %(by)s)
AND (cardinality(%(kinds)s::text[]) = 0 OR e.kind = ANY (%(kinds)s))

-- name: effects
-- What led to what, to a depth; each event's path is its own place below the paths of what led to it.
WITH RECURSIVE led (id, path) AS (
    SELECT %(event)s::text, '{}'::bigint[]
    UNION ALL
    SELECT next.id::text, led.path || next.sequence
    FROM led
    CROSS JOIN LATERAL (
        SELECT e.id, e.sequence FROM events AS e
        WHERE e.user_name = %(user)s AND e.cause = led.id
        ORDER BY e.sequence
        LIMIT %(limit)s
    ) AS next
    WHERE cardinality(led.path) < %(depth)s
),
few AS (SELECT * FROM led WHERE cardinality(path) > 0 LIMIT %(limit)s)
SELECT cardinality(few.path) AS depth, {event_columns}
FROM few
JOIN events AS e ON e.id = few.id::uuid AND e.user_name = %(user)s
ORDER BY few.path

-- name: history
SELECT
    (SELECT time FROM events WHERE user_name = %(user)s ORDER BY sequence LIMIT 1) AS first,
    (SELECT time FROM events WHERE user_name = %(user)s ORDER BY sequence DESC LIMIT 1) AS last
