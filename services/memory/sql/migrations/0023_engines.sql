-- Changing the embedding engine: the old one's vectors serve until the new one has made all of its own.

ALTER TABLE progress ADD COLUMN coming text NOT NULL DEFAULT '';

CREATE FUNCTION retire_engines(kept text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    old integer;
BEGIN
    DELETE FROM hot_vectors WHERE engine <> kept;
    FOR old IN SELECT id FROM segments WHERE engine <> kept AND attached LOOP
        EXECUTE format('ALTER TABLE vectors DETACH PARTITION segment_%s', old);
        EXECUTE format('DROP TABLE segment_%s', old);
        DELETE FROM segments WHERE id = old;
    END LOOP;
END
$$;
REVOKE ALL ON FUNCTION retire_engines FROM PUBLIC;

-- What was forgotten is found by nothing, not even by its day.
CREATE OR REPLACE FUNCTION make_searchable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.sentence = '' AND new.body = '' THEN
        new.fts := '';
    ELSE
        new.fts := searchable(new.sentence || E'\n' || new.body, new.time);
    END IF;
    RETURN new;
END
$$;
UPDATE events SET fts = '' WHERE sentence = '' AND body = '';
