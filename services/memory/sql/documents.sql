-- Documents and their passages.

-- name: save_documents
INSERT INTO documents (user_name, id, name, size, sha256, media_type, uploaded, state)
VALUES (
    %(user)s, %(document)s, %(name)s, %(size)s, %(sha256)s, %(media_type)s, %(uploaded)s::timestamptz, 'waiting'
)
ON CONFLICT (user_name, id) DO UPDATE SET name = excluded.name

-- name: document_was_read
UPDATE documents SET state = %(state)s, problem = %(problem)s, passages = %(passages)s
WHERE user_name = %(user)s AND id = %(document)s

-- name: drop_document
DELETE FROM documents WHERE user_name = %(user)s AND id = %(document)s

-- name: drop_passages
-- With what nobody else's text needs of their vectors.
WITH gone AS (
    DELETE FROM passages WHERE user_name = %(user)s AND document = %(document)s RETURNING id, text_hash
), alone AS (
    SELECT text_hash FROM gone
    WHERE NOT EXISTS (SELECT FROM events AS e WHERE e.text_hash = gone.text_hash)
        AND NOT EXISTS (
            SELECT FROM passages AS p
            WHERE p.text_hash = gone.text_hash AND (p.user_name, p.document) <> (%(user)s, %(document)s)
        )
), waiting_gone AS (
    DELETE FROM waiting WHERE text_hash IN (SELECT text_hash FROM alone)
)
DELETE FROM vectors WHERE text_hash IN (SELECT text_hash FROM alone)

-- name: lost_documents
-- Whose upload was forgotten.
SELECT DISTINCT document FROM passages AS p
WHERE user_name = %(user)s
    AND NOT EXISTS (SELECT FROM documents AS d WHERE d.user_name = p.user_name AND d.id = p.document)

-- name: save_passages
INSERT INTO passages (user_name, document, place, heading, page, line, last, text, text_hash)
SELECT %(user)s, %(document)s, *
FROM unnest(
    %(place)s::integer[], %(heading)s::text[], %(page)s::integer[], %(line)s::integer[], %(last)s::integer[],
    %(text)s::text[], %(text_hash)s::bytea[]
)

-- name: await_passages
-- After everything that happened: whoever looks for what was just said does not wait behind a book.
INSERT INTO waiting (text_hash, text, sequence)
SELECT DISTINCT ON (text_hash) text_hash, heading || E'\n' || text, 0
FROM passages
WHERE user_name = %(user)s AND document = %(document)s
ORDER BY text_hash
ON CONFLICT (text_hash) DO NOTHING

-- name: unread_documents
SELECT user_name AS user, id AS document, name, size, sha256, media_type, uploaded
FROM documents WHERE state = 'waiting' ORDER BY uploaded LIMIT 100

-- name: list_documents
-- Of those that wait the one that came first is being read.
SELECT
    id AS document, name, size, media_type, uploaded, problem, passages,
    CASE
        WHEN state = 'waiting' AND uploaded = (SELECT min(uploaded) FROM documents WHERE state = 'waiting')
            THEN 'reading'
        ELSE state
    END AS state,
    CASE
        WHEN state = 'ready' AND EXISTS (SELECT FROM waiting WHERE sequence = 0) THEN (
            SELECT count(*) FROM passages AS p
            WHERE p.user_name = d.user_name AND p.document = d.id
                AND EXISTS (SELECT FROM waiting AS w WHERE w.text_hash = p.text_hash)
        )
        ELSE 0
    END AS coming
FROM documents AS d
WHERE user_name = %(user)s
    AND (%(named)s = '' OR strpos(lower(name), lower(%(named)s)) > 0)
    AND (uploaded, id) < (%(before)s::timestamptz, %(before_id)s)
ORDER BY uploaded DESC, id DESC
LIMIT %(limit)s

-- name: documents_as_of
-- As the log had them: handed in since they were deleted last, and what reading had come to.
WITH lived AS (
    SELECT sequence, time, kind, data ->> 'document' AS id, data
    FROM events
    WHERE user_name = %(user)s
        AND kind IN ('document.uploaded', 'document.read', 'document.deleted')
        AND sequence <= %(sequence)s
        AND time <= %(upto)s
), there AS (
    SELECT *
    FROM lived
    WHERE kind <> 'document.deleted' AND NOT EXISTS (
        SELECT FROM lived AS gone
        WHERE gone.kind = 'document.deleted' AND gone.id = lived.id AND gone.sequence > lived.sequence
    )
), handed_in AS (
    SELECT
        id, min(time) AS uploaded, (array_agg(data ORDER BY sequence DESC))[1] AS data
    FROM there
    WHERE kind = 'document.uploaded'
    GROUP BY id
)
SELECT
    id AS document, h.data ->> 'name' AS name, (h.data ->> 'size')::bigint AS size,
    h.data ->> 'media_type' AS media_type, uploaded,
    CASE
        WHEN r.data IS NULL THEN 'waiting' WHEN (r.data ->> 'passages')::integer > 0 THEN 'ready' ELSE 'failed'
    END AS state,
    coalesce(r.data ->> 'problem', '') AS problem, coalesce((r.data ->> 'passages')::integer, 0) AS passages
FROM handed_in AS h
LEFT JOIN LATERAL (
    SELECT there.data FROM there WHERE there.id = h.id AND kind = 'document.read' ORDER BY sequence DESC LIMIT 1
) AS r ON true
WHERE (%(named)s = '' OR strpos(lower(h.data ->> 'name'), lower(%(named)s)) > 0)
    AND (%(document)s = '' OR id = %(document)s OR h.data ->> 'name' = %(document)s)
    AND (uploaded, id) < (%(before)s::timestamptz, %(before_id)s)
ORDER BY uploaded DESC, id DESC
LIMIT %(limit)s

-- name: find_document
-- By its id, or by its name: the newest of that name.
SELECT id AS document, name, size, media_type, uploaded, state, problem, passages
FROM documents
WHERE user_name = %(user)s AND (id = %(document)s OR name = %(document)s)
ORDER BY id = %(document)s DESC, uploaded DESC
LIMIT 1

-- name: bytes_of_document
SELECT sha256 FROM documents WHERE user_name = %(user)s AND id = %(document)s

-- name: read_passages
SELECT place AS passage, text, heading, page, line, last
FROM passages
WHERE user_name = %(user)s AND document = %(document)s
    AND place >= %(passage)s
    AND (%(page)s = 0 OR page = %(page)s)
    AND (%(line)s = 0 OR last >= %(line)s)
ORDER BY place
LIMIT %(limit)s

-- name: size_of_library
SELECT count(*) AS count FROM passages WHERE user_name = %(user)s

-- name: sample_of_library
SELECT tsvector_to_array(fts) AS words FROM passages
WHERE user_name = %(user)s
ORDER BY hashint8(id)
LIMIT %(sampled)s

-- name: count_library_terms
SELECT
    term::text,
    (
        SELECT count(*) FROM (
            SELECT FROM passages WHERE user_name = %(user)s AND fts @@ term LIMIT %(counted)s + 1
        ) AS found
    ) AS count
FROM unnest(%(terms)s::tsquery[]) AS asked (term)

-- name: weigh_passages
-- Candidates by words and by meaning, weighed by both. How old a document is says nothing about a passage in it.
WITH mine AS (
    SELECT e.* FROM passages AS e
    WHERE e.user_name = %(user)s AND (%(document)s = '' OR e.document = %(document)s)
), near AS (
    SELECT e.id, {distance} AS distance
    FROM mine AS e
    JOIN vectors AS v ON v.text_hash = e.text_hash AND v.engine = %(engine)s
), likest AS (
    SELECT id, distance FROM near WHERE distance < %(farthest)s ORDER BY distance LIMIT %(limit)s
), worded AS (
    SELECT e.id FROM mine AS e
    WHERE e.fts @@ %(any)s::tsquery
    ORDER BY {coverage} DESC, e.id
    LIMIT %(limit)s
)
SELECT
    e.id AS sequence, 'epoch'::timestamptz AS time, false AS in_conversation, {coverage} AS coverage,
    coalesce(1 - (SELECT distance FROM near WHERE near.id = e.id), 0) AS likeness
FROM passages AS e
WHERE e.id IN (SELECT id FROM likest UNION SELECT id FROM worded)
    AND {fits_strictly}

-- name: read_found_passages
-- What belongs to nobody has no document beside it, and its path as its name.
SELECT e.id, e.document, coalesce(d.name, e.document) AS name, d.name IS NOT NULL AS owned, e.heading, e.page, e.line, e.last, e.text
FROM passages AS e
LEFT JOIN documents AS d ON d.user_name = e.user_name AND d.id = e.document
WHERE e.user_name = %(user)s AND e.id = ANY (%(passages)s)

-- name: read_hits
SELECT
    -e.id AS sequence, d.uploaded AS time, e.document, d.name, e.page, e.line, e.last, e.text,
    coalesce((
        SELECT u.id::text FROM events AS u
        WHERE u.user_name = e.user_name AND u.kind = 'document.uploaded' AND u.data ->> 'document' = e.document
        ORDER BY u.sequence DESC LIMIT 1
    ), '') AS event
FROM passages AS e
JOIN documents AS d ON d.user_name = e.user_name AND d.id = e.document
WHERE e.user_name = %(user)s AND e.id = ANY (%(passages)s)

-- name: own_files
SELECT path, checksum FROM own_files

-- name: save_own_file
INSERT INTO own_files (path, checksum) VALUES (%(path)s, %(checksum)s)
ON CONFLICT (path) DO UPDATE SET checksum = excluded.checksum

-- name: drop_own_file
DELETE FROM own_files WHERE path = %(path)s

-- name: lock_until_commit
SELECT pg_advisory_xact_lock(hashtext('daimon'), %(lock)s)
