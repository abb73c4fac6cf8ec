-- Statistics quote what stands in a column, and stay when a table is emptied. Of texts none are needed: nothing is looked
-- for by them. What there is of them goes with the next row that is written.

ALTER TABLE events
    ALTER COLUMN sentence SET STATISTICS 0, ALTER COLUMN body SET STATISTICS 0, ALTER COLUMN data SET STATISTICS 0;
ALTER TABLE messages ALTER COLUMN text SET STATISTICS 0, ALTER COLUMN action SET STATISTICS 0;
ALTER TABLE commands ALTER COLUMN command SET STATISTICS 0, ALTER COLUMN excerpt SET STATISTICS 0;
ALTER TABLE tasks ALTER COLUMN title SET STATISTICS 0;
ALTER TABLE conversations ALTER COLUMN title SET STATISTICS 0;
ALTER TABLE documents ALTER COLUMN name SET STATISTICS 0, ALTER COLUMN problem SET STATISTICS 0;
ALTER TABLE passages
    ALTER COLUMN heading SET STATISTICS 0, ALTER COLUMN text SET STATISTICS 0, ALTER COLUMN fts SET STATISTICS 0;
ALTER TABLE waiting ALTER COLUMN text SET STATISTICS 0;
