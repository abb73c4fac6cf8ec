-- The words of a text as one expression, which Postgres puts where it is used; a query within would be begun for each row.

CREATE OR REPLACE FUNCTION searchable(text text, moment timestamptz) RETURNS tsvector LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT to_tsvector('english', text || E'\n' || to_char(moment AT TIME ZONE 'UTC', 'FMDay FMDD FMMonth YYYY'))
        || to_tsvector('simple', text || E'\n' || to_char(moment AT TIME ZONE 'UTC', 'FMDay FMDD FMMonth YYYY'))
$$;
