-- Rows are told in the order they came, and no question goes by when that was: a clock may be set back.
DROP INDEX submissions_created;
DROP INDEX runs_created;
