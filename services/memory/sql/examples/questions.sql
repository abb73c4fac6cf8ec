-- Questions that teach what can be asked, from simple to less so.

-- name: example_newest
-- What happened last?
SELECT time, actor, sentence
FROM events
ORDER BY sequence DESC
LIMIT 20

-- name: example_kinds
-- What happens most?
SELECT kind, count(*) AS times, max(time) AS last
FROM events
GROUP BY kind
ORDER BY times DESC

-- name: example_done
-- What did I finish in the last seven days?
SELECT time, sentence
FROM events
WHERE kind = 'task.completed' AND time > now() - interval '7 days'
ORDER BY time

-- name: example_words
-- Where was something said?
SELECT time, role, left(text, 100) AS said, conversation
FROM messages
WHERE text ILIKE '%milk%'
ORDER BY sequence DESC
LIMIT 20

-- name: example_days
-- How busy was each day, and who was it?
SELECT time::date AS day,
    count(*) FILTER (WHERE actor = 'user') AS you,
    count(*) FILTER (WHERE actor = 'model') AS daimon
FROM events
GROUP BY day
ORDER BY day DESC
LIMIT 30

-- name: example_actions
-- Which actions does the model call, and how often do they fail?
SELECT action, count(*) AS calls, count(*) FILTER (WHERE outcome = 'failed') AS failed
FROM messages
WHERE role = 'result'
GROUP BY action
ORDER BY calls DESC

-- name: example_commands
-- Which commands in the box failed?
SELECT time, command, exit_code, excerpt
FROM commands
WHERE exit_code <> 0
ORDER BY time DESC
LIMIT 20

-- name: example_causes
-- What followed from what I asked last?
WITH RECURSIVE last AS (
    SELECT id FROM events WHERE kind = 'chat.asked' ORDER BY sequence DESC LIMIT 1
), chain AS (
    SELECT e.id, e.sequence, e.sentence, 0 AS depth FROM events AS e JOIN last USING (id)
    UNION ALL
    SELECT e.id, e.sequence, e.sentence, chain.depth + 1
    FROM events AS e
    JOIN chain ON e.cause = chain.id::text
)
SELECT depth, sentence FROM chain ORDER BY sequence

-- name: example_gaps
-- How long do tasks stay open?
SELECT added.data ->> 'title' AS task, done.time - added.time AS took
FROM events AS added
JOIN events AS done ON done.data ->> 'task' = added.data ->> 'task' AND done.kind = 'task.completed'
WHERE added.kind = 'task.added'
ORDER BY took DESC
LIMIT 20

-- name: example_documents
-- Which documents are there, and could they be read?
SELECT name, state, passages, problem, uploaded
FROM documents
ORDER BY uploaded DESC
