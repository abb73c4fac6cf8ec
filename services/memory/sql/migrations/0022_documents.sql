-- Documents: what was handed in, whether it could be read, and the passages it is found and cited by.

CREATE TABLE documents (
    user_name text NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    size bigint NOT NULL,
    sha256 text NOT NULL,
    media_type text NOT NULL,
    uploaded timestamptz NOT NULL,
    state text NOT NULL,
    problem text NOT NULL DEFAULT '',
    passages integer NOT NULL DEFAULT 0,
    PRIMARY KEY (user_name, id)
);
CREATE INDEX documents_by_time ON documents (user_name, uploaded DESC, id);
CREATE INDEX documents_waiting ON documents (uploaded) WHERE state = 'waiting';

-- Made from the files, not from the log: rebuilding the log's projections leaves them alone.
CREATE TABLE passages (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    user_name text NOT NULL,
    document text NOT NULL,
    place integer NOT NULL,
    heading text NOT NULL,
    page integer NOT NULL,
    line integer NOT NULL,
    last integer NOT NULL,
    text text NOT NULL,
    text_hash bytea NOT NULL,
    fts tsvector NOT NULL GENERATED ALWAYS AS (
        to_tsvector('english', heading || E'\n' || text) || to_tsvector('simple', heading || E'\n' || text)
    ) STORED,
    UNIQUE (user_name, document, place)
);
CREATE INDEX passages_by_words ON passages USING gin (fts);
CREATE INDEX passages_by_text ON passages (text_hash);

INSERT INTO documents (user_name, id, name, size, sha256, media_type, uploaded, state)
SELECT DISTINCT ON (user_name, data ->> 'document')
    user_name, data ->> 'document', data ->> 'name', (data ->> 'size')::bigint, data ->> 'sha256',
    data ->> 'media_type', time, 'waiting'
FROM events
WHERE kind = 'document.uploaded' AND data ? 'document' AND data ? 'size'
ORDER BY user_name, data ->> 'document', sequence;

CREATE VIEW reader.documents WITH (security_barrier) AS
SELECT id, name, size, media_type, uploaded, state, problem, passages
FROM public.documents
WHERE user_name = (SELECT user_name FROM public.reader_sessions WHERE pid = pg_backend_pid());
COMMENT ON VIEW reader.documents IS 'Files that were handed in, one row a document.';
COMMENT ON COLUMN reader.documents.state IS 'waiting, ready, or failed: then problem says why.';
COMMENT ON COLUMN reader.documents.passages IS 'How many passages it is searched by.';
GRANT SELECT ON reader.documents TO daimon_reader;
REVOKE ALL ON TABLE documents, passages FROM PUBLIC;
