-- Every search reads all that waits to be sorted into the index of words; so little waits.

ALTER INDEX events_by_words SET (gin_pending_list_limit = 256);
ALTER INDEX passages_by_words SET (gin_pending_list_limit = 256);
