-- Forgetting: what goes, and what has to follow.

-- name: to_forget
-- Rows that are forgotten already too: whoever was interrupted does it again.
WITH chosen AS (
    SELECT id, sequence, text_hash FROM events
    WHERE user_name = %(user)s
        AND kind <> 'memory.forgot'
        AND (%(everything)s OR id = %(event)s::uuid OR (%(conversation)s <> '' AND conversation = %(conversation)s))
)
SELECT id::text, sequence, text_hash FROM chosen
UNION
SELECT id::text, repeats.sequence, text_hash FROM chosen JOIN repeats ON repeats.event = chosen.id
ORDER BY sequence

-- name: owners_of_old
SELECT DISTINCT user_name AS user FROM events
WHERE kind = %(kind)s AND time < now() - make_interval(days => %(days)s) AND forgotten IS NULL

-- name: old_events
WITH chosen AS (
    SELECT id, sequence, text_hash FROM events
    WHERE user_name = %(user)s
        AND kind = %(kind)s
        AND time < now() - make_interval(days => %(days)s)
        AND forgotten IS NULL
    ORDER BY sequence
    LIMIT %(limit)s
)
SELECT id::text, sequence, text_hash FROM chosen
UNION
SELECT id::text, repeats.sequence, text_hash FROM chosen JOIN repeats ON repeats.event = chosen.id
ORDER BY sequence

-- name: wipe_events
UPDATE events SET
    forgotten = coalesce(forgotten, now()), time = 'epoch', actor = '', kind = '', sentence = '', body = '',
    conversation = NULL, cause = NULL, data = '{}', text_hash = ''
WHERE id = ANY (%(id)s::uuid[])

-- name: wipe_vectors
DELETE FROM vectors
WHERE text_hash = ANY (%(text_hash)s) AND NOT EXISTS (SELECT FROM events WHERE events.text_hash = vectors.text_hash)

-- name: wipe_waiting
DELETE FROM waiting
WHERE text_hash = ANY (%(text_hash)s) AND NOT EXISTS (SELECT FROM events WHERE events.text_hash = waiting.text_hash)

-- name: vacuum_forgotten
-- Without it, the old rows would stay in the files until somebody cleans up.
VACUUM events, messages, commands, tasks, conversations, waiting, documents, passages, vectors
