-- How a conversation stands in its user's list.

ALTER TABLE conversations
    ADD COLUMN pinned boolean NOT NULL DEFAULT false,
    ADD COLUMN archived boolean NOT NULL DEFAULT false,
    ADD COLUMN deleted boolean NOT NULL DEFAULT false,
    ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
CREATE INDEX conversations_pinned ON conversations (user_name, time DESC, id DESC) WHERE pinned;

GRANT SELECT (pinned, archived, deleted, tags) ON conversations TO daimon_reader;
CREATE OR REPLACE VIEW reader.conversations WITH (security_invoker, security_barrier) AS
SELECT id, title, time, exchanges, pinned, archived, deleted, tags
FROM public.conversations;
COMMENT ON COLUMN reader.conversations.pinned IS 'Whether it is kept at the top of the list.';
COMMENT ON COLUMN reader.conversations.archived IS 'Whether it was put away.';
COMMENT ON COLUMN reader.conversations.deleted IS 'Whether it was taken out of the list; what was said is still there.';
COMMENT ON COLUMN reader.conversations.tags IS 'What its user tagged it with.';
