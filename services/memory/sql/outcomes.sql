-- What came of versions, and where changes are.

-- name: insert_changes
INSERT INTO changes (user_name, sequence)
SELECT * FROM unnest(%(user)s::text[], %(sequence)s::bigint[])
ON CONFLICT DO NOTHING

-- name: places_of_changes
-- One statement, so that both are of the same moment.
SELECT
    (SELECT sequence FROM progress) AS upto,
    array(
        SELECT sequence FROM changes WHERE user_name = %(user)s ORDER BY sequence DESC LIMIT %(limit)s
    ) AS places

-- name: add_outcomes
INSERT INTO outcomes (user_name, job, number, answers, failed, steps, tokens)
SELECT *
FROM unnest(
    %(user)s::text[], %(job)s::text[], %(number)s::integer[], %(answers)s::bigint[], %(failed)s::bigint[],
    %(steps)s::bigint[], %(tokens)s::bigint[]
)
ON CONFLICT (user_name, job, number) DO UPDATE SET
    answers = outcomes.answers + excluded.answers,
    failed = outcomes.failed + excluded.failed,
    steps = outcomes.steps + excluded.steps,
    tokens = outcomes.tokens + excluded.tokens

-- name: save_namings
INSERT INTO namings (user_name, conversation, version, replaced)
SELECT * FROM unnest(%(user)s::text[], %(conversation)s::text[], %(version)s::integer[], %(replaced)s::boolean[])
ON CONFLICT (user_name, conversation) DO UPDATE SET
    version = coalesce(excluded.version, namings.version), replaced = namings.replaced OR excluded.replaced

-- name: save_ratings
-- Of an answer that is there; a turn is the id of the event that asked.
INSERT INTO ratings (user_name, turn, worth, versions)
SELECT DISTINCT ON (r.user_name, r.turn) r.user_name, r.turn, r.worth, coalesce(answer.data -> 'instructions', '{}')
FROM unnest(%(user)s::text[], %(turn)s::text[], %(worth)s::text[]) AS r (user_name, turn, worth)
JOIN events AS asked
    ON asked.id = CASE WHEN r.turn ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN r.turn::uuid END
    AND asked.user_name = r.user_name
JOIN messages AS m
    ON m.user_name = r.user_name AND m.conversation = asked.conversation AND m.turn = r.turn AND m.role = 'assistant'
JOIN events AS answer ON answer.id = m.event
ON CONFLICT (user_name, turn) DO UPDATE SET worth = excluded.worth

-- name: unmade
SELECT projection FROM unmade ORDER BY projection

-- name: clear_unmade
-- Whoever forgot something meanwhile has made them for one user.
WITH changes_gone AS (
    DELETE FROM changes WHERE EXISTS (SELECT FROM unmade WHERE projection = 'changes')
), outcomes_gone AS (
    DELETE FROM outcomes WHERE EXISTS (SELECT FROM unmade WHERE projection = 'outcomes')
), namings_gone AS (
    DELETE FROM namings WHERE EXISTS (SELECT FROM unmade WHERE projection = 'outcomes')
)
DELETE FROM ratings WHERE EXISTS (SELECT FROM unmade WHERE projection = 'outcomes')

-- name: made
DELETE FROM unmade

-- name: version_counts
WITH found AS (
    SELECT
        version.key AS job,
        version.value::integer AS number,
        count(*) FILTER (WHERE r.worth = 'up') AS up,
        count(*) FILTER (WHERE r.worth = 'down') AS down
    FROM ratings AS r
    CROSS JOIN LATERAL jsonb_each_text(r.versions) AS version
    WHERE r.user_name = %(user)s
    GROUP BY 1, 2
)
SELECT
    o.job, o.number, o.answers, o.failed, coalesce(f.up, 0) AS up, coalesce(f.down, 0) AS down,
    round(o.steps::numeric / o.answers, 1)::double precision AS steps,
    round(o.tokens::numeric / o.answers, 1)::double precision AS tokens
FROM outcomes AS o
LEFT JOIN found AS f USING (job, number)
WHERE o.user_name = %(user)s
UNION ALL
SELECT 'title', version, count(*), 0, 0, count(*) FILTER (WHERE replaced), 1, 0
FROM namings
WHERE user_name = %(user)s AND version IS NOT NULL
GROUP BY version
ORDER BY job, number
