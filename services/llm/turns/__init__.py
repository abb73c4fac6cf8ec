"""One turn: taken from the log, briefed, written and recorded, whatever happens to its worker."""
