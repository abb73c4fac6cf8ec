"""Memory: the event log in SQL, found again by words and by meaning; the only one that opens Postgres."""
