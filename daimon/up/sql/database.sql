-- What every Daimon database has before the memory service's own migrations; running it again changes nothing.

SELECT 'CREATE ROLE daimon_memory LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'daimon_memory') \gexec

SELECT 'CREATE ROLE daimon_reader LOGIN'
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'daimon_reader') \gexec

SELECT 'CREATE DATABASE daimon OWNER daimon_memory'
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'daimon') \gexec

REVOKE ALL ON DATABASE daimon FROM PUBLIC;
GRANT CONNECT ON DATABASE daimon TO daimon_reader;

\connect daimon

-- Only a superuser may add it.
CREATE EXTENSION IF NOT EXISTS vector;
ALTER SCHEMA public OWNER TO daimon_memory;
