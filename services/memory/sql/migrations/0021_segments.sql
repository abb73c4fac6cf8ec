-- Sealing: the hot segment, together with sealed ones that are not much larger, becomes one that HNSW finds.

CREATE TABLE segments (
    id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    engine text NOT NULL,
    dimensions integer NOT NULL,
    vectors bigint NOT NULL DEFAULT 0,
    -- False while it is being built, and for good when whoever built it died.
    attached boolean NOT NULL DEFAULT false
);
REVOKE ALL ON TABLE segments FROM PUBLIC;

CREATE FUNCTION index_segment(made integer, size integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'CREATE INDEX ON segment_%s USING hnsw ((vector::public.halfvec(%s)) public.halfvec_cosine_ops)'
        ' WITH (m = 16, ef_construction = 64)', made, size
    );
END
$$;

-- Build a segment beside the ones that serve. Nobody waits for this.
CREATE FUNCTION build_segment(
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
    EXECUTE format('ALTER TABLE segment_%s ADD PRIMARY KEY (text_hash, engine)', made);
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

-- Let a segment serve in place of those it was built from. Writers wait a moment, readers do not wait for writers.
CREATE FUNCTION swap_segment(made integer, absorbed integer[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    old integer;
BEGIN
    LOCK TABLE vectors IN SHARE ROW EXCLUSIVE MODE;
    -- What was forgotten while the segment was being built.
    EXECUTE format(
        'DELETE FROM segment_%s AS s WHERE NOT EXISTS'
        ' (SELECT FROM vectors AS v WHERE v.text_hash = s.text_hash AND v.engine = s.engine)', made
    );
    EXECUTE format(
        'DELETE FROM hot_vectors AS h USING segment_%s AS s WHERE s.text_hash = h.text_hash AND s.engine = h.engine',
        made
    );
    FOREACH old IN ARRAY absorbed LOOP
        EXECUTE format('ALTER TABLE vectors DETACH PARTITION segment_%s', old);
        EXECUTE format('DROP TABLE segment_%s', old);
    END LOOP;
    EXECUTE format('ALTER TABLE vectors ATTACH PARTITION segment_%s FOR VALUES IN (%s)', made, made);
    EXECUTE format(
        'UPDATE segments SET attached = true, vectors = (SELECT count(*) FROM segment_%s) WHERE id = %s', made, made
    );
    DELETE FROM segments WHERE id = ANY (absorbed);
END
$$;

-- Remove what a process that died was building.
CREATE FUNCTION drop_unfinished_segments() RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    unfinished integer;
    dropped integer := 0;
BEGIN
    FOR unfinished IN SELECT id FROM segments WHERE NOT attached LOOP
        EXECUTE format('DROP TABLE IF EXISTS segment_%s', unfinished);
        DELETE FROM segments WHERE id = unfinished;
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

REVOKE ALL ON FUNCTION index_segment, build_segment, swap_segment, drop_unfinished_segments FROM PUBLIC;
