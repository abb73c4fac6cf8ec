-- Each user's events form a chain: a row's link is the hash of the link before it and of what the row says. So a row
-- that was altered, put in or taken out shows, also where the log itself is gone. What is forgotten keeps its hash.

ALTER TABLE events
    ADD COLUMN digest bytea,
    ADD COLUMN chain bytea,
    ADD COLUMN forgotten timestamptz;

CREATE FUNCTION digest_of(
    id uuid, moment timestamptz, user_name text, actor text, kind text, sentence text, conversation text, cause text,
    data jsonb, version integer
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT sha256(convert_to(jsonb_build_array(
        id, (extract(epoch FROM moment) * 1000000)::bigint, user_name, actor, kind, sentence, conversation, cause, data, version
    )::text, 'UTF8'))
$$;

CREATE FUNCTION link_of(before bytea, digest bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sha256(coalesce(before, ''::bytea) || digest)
$$;

CREATE FUNCTION chain_step(sofar bytea, before bytea, digest bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT link_of(coalesce(sofar, before), digest)
$$;

-- Over one user's rows in the order of the log; `before` is the link that the first of them hangs on.
CREATE AGGREGATE chained(before bytea, digest bytea) (SFUNC = chain_step, STYPE = bytea);

UPDATE events SET digest = digest_of(id, time, user_name, actor, kind, sentence, conversation, cause, data, version);
UPDATE events SET chain = linked.chain
FROM (
    SELECT id, chained(NULL::bytea, digest) OVER (PARTITION BY user_name ORDER BY sequence) AS chain FROM events
) AS linked
WHERE linked.id = events.id;

ALTER TABLE events
    ALTER COLUMN digest SET NOT NULL,
    ALTER COLUMN chain SET NOT NULL;

-- The same event may stand in the log twice, when its acknowledgement was lost for longer than the log remembers ids.
CREATE TABLE repeats (
    sequence bigint PRIMARY KEY,
    event uuid NOT NULL
);
CREATE INDEX repeats_by_event ON repeats (event);

REVOKE ALL ON FUNCTION digest_of, link_of, chain_step, chained FROM PUBLIC;
