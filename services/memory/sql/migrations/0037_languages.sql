-- Words in the language of whoever they belong to: its stems, beside the plain words that every text has.

CREATE TABLE languages (
    user_name text PRIMARY KEY,
    config regconfig NOT NULL,
    -- Up to this place in the log, words are still indexed in another language.
    upto bigint NOT NULL
);
ALTER TABLE languages ENABLE ROW LEVEL SECURITY;
REVOKE ALL ON TABLE languages FROM PUBLIC;

CREATE FUNCTION language_of(named text) RETURNS regconfig LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT config FROM languages WHERE user_name = named), 'english')
$$;

-- The words a text is found by: stems, plain words (names, other languages), and the day in words.
CREATE FUNCTION searchable(text text, moment timestamptz, config regconfig) RETURNS tsvector
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT to_tsvector(config, whole) || to_tsvector('simple', whole)
    FROM (SELECT text || E'\n' || to_char(moment AT TIME ZONE 'UTC', 'FMDay FMDD FMMonth YYYY')) AS said (whole)
$$;

CREATE OR REPLACE FUNCTION make_searchable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.sentence = '' AND new.body = '' THEN
        new.fts := '';
    ELSE
        new.fts := searchable(new.sentence || E'\n' || new.body, new.time, language_of(new.user_name));
    END IF;
    RETURN new;
END
$$;

CREATE FUNCTION make_passage_searchable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.fts := to_tsvector(language_of(new.user_name), new.heading || E'\n' || new.text)
        || to_tsvector('simple', new.heading || E'\n' || new.text);
    RETURN new;
END
$$;
ALTER TABLE passages ALTER COLUMN fts DROP EXPRESSION;
CREATE TRIGGER searchable BEFORE INSERT OR UPDATE OF heading, text ON passages
FOR EACH ROW EXECUTE FUNCTION make_passage_searchable();

DROP FUNCTION searchable(text, timestamptz);
REVOKE ALL ON FUNCTION language_of, searchable, make_passage_searchable FROM PUBLIC;
