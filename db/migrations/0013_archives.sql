-- A submission may come as an archive: the digest of the file that was sent, '' for all others.
ALTER TABLE submissions ADD COLUMN archive TEXT NOT NULL DEFAULT '';
