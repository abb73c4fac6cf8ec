-- A search within a time reads every page whose times nobody noted yet; until now only vacuum noted them.

ALTER INDEX events_by_time SET (autosummarize = on);
