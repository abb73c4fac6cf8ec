-- Words in another language than before.

-- name: speak
-- What was written so far has its words in the language before; it is gone through from the newest on.
INSERT INTO languages (user_name, config, upto)
VALUES (%(user)s, %(config)s::text::regconfig, CASE %(config)s WHEN 'english' THEN 0 ELSE %(sequence)s END)
ON CONFLICT (user_name) DO UPDATE SET config = excluded.config, upto = %(sequence)s
WHERE languages.config <> excluded.config

-- name: to_relearn
SELECT user_name AS user, upto FROM languages WHERE upto > 0 LIMIT 1 FOR UPDATE SKIP LOCKED

-- name: relearn_events
WITH chosen AS (
    SELECT id, sequence FROM events
    WHERE user_name = %(user)s AND sequence <= %(upto)s
    ORDER BY sequence DESC LIMIT %(limit)s
),
changed AS (
    UPDATE events AS e SET fts = searchable(e.sentence || E'\n' || e.body, e.time, language_of(e.user_name))
    FROM chosen
    WHERE e.id = chosen.id AND e.forgotten IS NULL
)
UPDATE languages SET upto = coalesce((SELECT min(sequence) - 1 FROM chosen), 0) WHERE user_name = %(user)s

-- name: relearn_passages
-- A passage is made searchable anew whenever its text is written.
UPDATE passages SET text = text WHERE user_name = %(user)s

-- name: unlearned
SELECT user_name AS user, upto FROM languages WHERE user_name = %(user)s
