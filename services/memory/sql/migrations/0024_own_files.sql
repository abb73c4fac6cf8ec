-- Which state of our own files the passages of nobody are made from.

CREATE TABLE own_files (
    path text PRIMARY KEY,
    checksum bytea NOT NULL
);
REVOKE ALL ON TABLE own_files FROM PUBLIC;
