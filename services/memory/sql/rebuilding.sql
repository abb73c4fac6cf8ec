-- Making the projections anew.

-- name: clear_projections
-- By rows, not by truncating: whoever reads meanwhile sees the old ones until the new ones are whole.
WITH tasks_gone AS (
    DELETE FROM tasks WHERE %(user)s::text IS NULL OR user_name = %(user)s
), conversations_gone AS (
    DELETE FROM conversations WHERE %(user)s::text IS NULL OR user_name = %(user)s
), messages_gone AS (
    DELETE FROM messages WHERE %(user)s::text IS NULL OR user_name = %(user)s
), commands_gone AS (
    DELETE FROM commands WHERE %(user)s::text IS NULL OR user_name = %(user)s
), changes_gone AS (
    DELETE FROM changes WHERE %(user)s::text IS NULL OR user_name = %(user)s
), outcomes_gone AS (
    DELETE FROM outcomes WHERE %(user)s::text IS NULL OR user_name = %(user)s
), namings_gone AS (
    DELETE FROM namings WHERE %(user)s::text IS NULL OR user_name = %(user)s
), ratings_gone AS (
    DELETE FROM ratings WHERE %(user)s::text IS NULL OR user_name = %(user)s
), languages_gone AS (
    DELETE FROM languages WHERE %(user)s::text IS NOT NULL AND user_name = %(user)s
), documents_gone AS (
    DELETE FROM documents WHERE %(user)s::text IS NULL OR user_name = %(user)s
)
SELECT

-- name: remembered
-- Whole rows of the log, in its order; what Postgres did not take whole has no details that anything follows from.
SELECT
    sequence, id::text, time, user_name AS user, actor, kind, sentence, coalesce(conversation, '') AS conversation,
    coalesce(cause, '') AS cause, data::text AS data, version
FROM events
WHERE sequence > %(after)s
    AND sequence <= %(upto)s
    AND forgotten IS NULL
    AND (%(user)s::text IS NULL OR user_name = %(user)s)
    AND data <> '{"unreadable": true}'
ORDER BY sequence
LIMIT %(limit)s

-- name: checksums
SELECT name, rows, left(encode(sha256(total::text::bytea), 'hex'), 16) AS checksum
FROM (
    SELECT 'tasks' AS name, count(*) AS rows, coalesce(sum(hashtextextended(t::text, 0)), 0) AS total FROM tasks AS t
    UNION ALL
    SELECT 'conversations', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM conversations AS t
    UNION ALL
    SELECT 'messages', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM messages AS t
    UNION ALL
    SELECT 'commands', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM commands AS t
    UNION ALL
    SELECT 'documents', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM documents AS t
    UNION ALL
    SELECT 'changes', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM changes AS t
    UNION ALL
    SELECT 'outcomes', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM outcomes AS t
    UNION ALL
    SELECT 'namings', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM namings AS t
    UNION ALL
    SELECT 'ratings', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM ratings AS t
) AS sums
