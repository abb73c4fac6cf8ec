-- Search at scale: words with the day they were said on, vectors in a hot segment and sealed ones.

-- The words a text is found by: stems, plain words (names, other languages), and the day in words.
CREATE FUNCTION searchable(text text, moment timestamptz) RETURNS tsvector LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('english', whole) || to_tsvector('simple', whole)
    FROM (SELECT text || E'\n' || to_char(moment AT TIME ZONE 'UTC', 'FMDay FMDD FMMonth YYYY')) AS said (whole)
$$;

CREATE FUNCTION make_searchable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.fts := searchable(new.sentence || E'\n' || new.body, new.time);
    RETURN new;
END
$$;

ALTER TABLE events ALTER COLUMN fts DROP EXPRESSION;
CREATE TRIGGER searchable BEFORE INSERT OR UPDATE OF sentence, body, time ON events
FOR EACH ROW EXECUTE FUNCTION make_searchable();
UPDATE events SET fts = searchable(sentence || E'\n' || body, time);

-- A time range of the log is a range of its pages.
CREATE INDEX events_by_time ON events USING brin (time) WITH (pages_per_range = 16);

DROP FUNCTION wanted;

-- The text that an event's vector is made of: a message as it was said, everything else with its sentence.
CREATE FUNCTION meant(kind text, sentence text, body text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN body <> '' AND kind IN ('chat.asked', 'chat.answered', 'memory.noted') THEN body
        ELSE sentence || E'\n' || body
    END
$$;

-- Segment 0 is hot: new vectors, scanned exactly. The others are sealed: built in bulk, and found through HNSW.
ALTER TABLE vectors RENAME TO hot_vectors;
DROP INDEX vectors_by_nearness;
ALTER TABLE hot_vectors DROP CONSTRAINT vectors_pkey;
ALTER TABLE hot_vectors ALTER COLUMN vector TYPE public.halfvec;
ALTER TABLE hot_vectors ADD COLUMN segment integer NOT NULL DEFAULT 0;
ALTER TABLE hot_vectors ADD PRIMARY KEY (text_hash, engine);

CREATE TABLE vectors (
    engine text NOT NULL,
    text_hash bytea NOT NULL,
    vector public.halfvec NOT NULL,
    segment integer NOT NULL DEFAULT 0
) PARTITION BY LIST (segment);
ALTER TABLE vectors ATTACH PARTITION hot_vectors FOR VALUES IN (0);

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM PUBLIC;
REVOKE ALL ON FUNCTION searchable, make_searchable, meant FROM PUBLIC;
