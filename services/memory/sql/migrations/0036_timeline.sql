-- What an event led to, and what one actor did, without passing by everything else.

CREATE INDEX events_by_cause ON events (user_name, cause, sequence) WHERE cause IS NOT NULL;
CREATE INDEX events_by_actor ON events (user_name, actor, sequence DESC);
