"""Search measured on generated logs; `daimon bench search` runs it in a process beside a Postgres of its own."""
