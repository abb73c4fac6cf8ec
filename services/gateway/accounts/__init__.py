"""Who comes in: accounts, sessions, keys and what each may do, and slowing down who guesses."""
