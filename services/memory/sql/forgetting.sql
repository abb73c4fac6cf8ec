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

-- name: files_to_forget
-- What these events name and no other event of the user does.
WITH named AS (
    SELECT e.id = ANY (%(id)s::uuid[]) AS chosen, file.sha256
    FROM events AS e
    CROSS JOIN LATERAL (VALUES (e.data ->> 'sha256'), (e.data ->> 'kept')) AS file (sha256)
    WHERE e.user_name = %(user)s
        AND e.kind IN ('document.uploaded', 'file.returned', 'file.written', 'file.edited', 'file.restored')
        AND file.sha256 ~ '^[0-9a-f]{64}$'
)
SELECT sha256 FROM named GROUP BY sha256 HAVING bool_and(chosen)

-- name: clean_tables
-- What old rows leave is written over in time.
VACUUM events, messages, commands, tasks, conversations, waiting, documents, passages

-- name: rewrite_tables
-- Into new files: a row that is only removed leaves its bytes in its page, and its words in the index. With the
-- statistics, which quote the commonest.
VACUUM (FULL, ANALYZE) events, messages, commands, tasks, conversations, waiting, documents, passages, hot_vectors,
pg_statistic

-- name: clean_vectors
VACUUM vectors

-- name: may_cut_journal
SELECT has_function_privilege('pg_catalog.pg_switch_wal()', 'EXECUTE')
    AND pg_has_role('pg_checkpoint', 'USAGE') AS held

-- name: begin_journal_file
SELECT pg_switch_wal()

-- name: checkpoint
CHECKPOINT
