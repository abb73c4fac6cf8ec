-- Whoever writes many rows at once brings their words along, with the language of each user and the words of each day
-- looked up once; a trigger does both for every row.

-- As searchable() makes them; one expression, which Postgres puts where it is used.
CREATE FUNCTION worded(text text, config regconfig, day tsvector) RETURNS tsvector LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT to_tsvector(config, text) || to_tsvector('simple', text) || day
$$;
REVOKE ALL ON FUNCTION worded FROM PUBLIC;

DROP TRIGGER searchable ON events;
CREATE TRIGGER searchable BEFORE INSERT ON events
FOR EACH ROW WHEN (new.fts IS NULL) EXECUTE FUNCTION make_searchable();
CREATE TRIGGER searchable_anew BEFORE UPDATE OF sentence, body, time ON events
FOR EACH ROW EXECUTE FUNCTION make_searchable();
