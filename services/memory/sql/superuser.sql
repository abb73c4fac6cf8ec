-- Run once by a superuser in Daimon's database, after the roles daimon_memory and daimon_reader are made and
-- daimon_memory owns the database; running it again changes nothing.

CREATE EXTENSION IF NOT EXISTS vector;

-- Whatever can change something, wait, read a server's files or run a string as SQL is volatile, so a reader gets
-- none of these functions; some others tell what other sessions do. The owner keeps what everybody had.
DO $$
DECLARE
    named regprocedure;
BEGIN
    FOR named IN
        SELECT p.oid
        FROM pg_proc AS p
        CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS granted
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
            AND granted.grantee = 0
            AND granted.privilege_type = 'EXECUTE'
            AND (
                (
                    p.provolatile = 'v'
                    AND p.proname NOT IN (
                        'array_sample', 'array_shuffle', 'clock_timestamp', 'gen_random_uuid', 'random',
                        'random_normal', 'timeofday', 'uuidv4', 'uuidv7'
                    )
                )
                OR p.proname ~ '^(pg_stat_get_|pg_get_replication|pg_cursor$|pg_prepared_statement$|pg_listening_)'
                OR p.proname ~ '_to_xml(schema)?(_and_xmlschema)?$'
                OR p.proname IN ('pg_current_xact_id', 'txid_current')
            )
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', named);
        EXECUTE format(
            'GRANT EXECUTE ON FUNCTION %s TO %s',
            named,
            (SELECT datdba::regrole FROM pg_database WHERE datname = current_database())
        );
    END LOOP;
END
$$;

-- What is forgotten is in the journal of Postgres too, until a checkpoint lets go of the files before it.
DO $$
BEGIN
    EXECUTE format('GRANT pg_checkpoint TO %1$s; GRANT EXECUTE ON FUNCTION pg_catalog.pg_switch_wal() TO %1$s', (
        SELECT datdba::regrole FROM pg_database WHERE datname = current_database()
    ));
END
$$;

-- Limits that only a superuser may set: room on the disk for sorting, and no trace of a question for others to read.
ALTER ROLE daimon_reader SET temp_file_limit = '256MB';
ALTER ROLE daimon_reader SET track_activities = off;
ALTER ROLE daimon_reader CONNECTION LIMIT 20;
