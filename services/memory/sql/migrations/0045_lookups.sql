-- A search looks up the vectors of up to some thousands of texts: by a hash that takes half as many steps as a tree does.

DO $$
DECLARE
    made integer;
BEGIN
    FOR made IN SELECT id FROM segments WHERE attached LOOP
        EXECUTE format('ALTER TABLE segment_%s DROP CONSTRAINT segment_%s_pkey', made, made);
        EXECUTE format('CREATE INDEX ON segment_%s USING hash (text_hash)', made);
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION build_segment(
    named text, size integer, absorbed integer[], kilobytes integer
) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    made integer;
BEGIN
    INSERT INTO segments (engine, dimensions) VALUES (named, size) RETURNING id INTO made;
    PERFORM set_config('maintenance_work_mem', kilobytes || 'kB', true);
    EXECUTE format(
        'CREATE TABLE segment_%s (LIKE hot_vectors INCLUDING DEFAULTS, CHECK (segment = %s))', made, made
    );
    EXECUTE format(
        'INSERT INTO segment_%s (engine, text_hash, vector, segment)'
        ' SELECT engine, text_hash, vector, %s FROM vectors WHERE engine = $1 AND segment = ANY ($2)', made, made
    ) USING named, absorbed || 0;
    EXECUTE format('CREATE INDEX ON segment_%s USING hash (text_hash)', made);
    BEGIN
        PERFORM index_segment(made, size);
    EXCEPTION WHEN disk_full OR insufficient_resources THEN
        -- Building in parallel needs shared memory, of which containers often have little.
        SET LOCAL max_parallel_maintenance_workers = 0;
        PERFORM index_segment(made, size);
    END;
    EXECUTE format('ANALYZE segment_%s', made);
    RETURN made;
END
$$;
