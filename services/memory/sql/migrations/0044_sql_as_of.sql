-- SQL as of a moment: who asks may say up to which place in the log there is anything.

ALTER TABLE reader_sessions ADD COLUMN upto bigint;

-- The last place that this session sees.
CREATE FUNCTION reader.upto() RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce((SELECT upto FROM public.reader_sessions WHERE pid = pg_backend_pid()), 9223372036854775807)
$$;

-- Some views say how things are now, and keep nothing of what was.
CREATE FUNCTION reader.is_now() RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog AS $$
BEGIN
    IF (SELECT upto FROM public.reader_sessions WHERE pid = pg_backend_pid()) IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'DA002', MESSAGE = 'this view says how things are now';
    END IF;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION reader.upto, reader.is_now FROM PUBLIC;
GRANT EXECUTE ON FUNCTION reader.upto, reader.is_now TO daimon_reader;

ALTER POLICY of_asker ON events
USING (user_name = (SELECT reader.asker()) AND sequence <= (SELECT reader.upto()));
ALTER POLICY of_asker ON tasks USING (user_name = (SELECT reader.asker()) AND (SELECT reader.is_now()));
ALTER POLICY of_asker ON conversations USING (user_name = (SELECT reader.asker()) AND (SELECT reader.is_now()));
ALTER POLICY of_asker ON documents USING (user_name = (SELECT reader.asker()) AND (SELECT reader.is_now()));
