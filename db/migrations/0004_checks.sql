-- A submission may only be checked: what passes serves nobody.
ALTER TABLE submissions ADD COLUMN check_only INTEGER NOT NULL DEFAULT 0;
