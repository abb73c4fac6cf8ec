"""The embedded stack: NATS, Postgres and the services as children of one supervisor."""
