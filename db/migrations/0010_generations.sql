-- A restart is a wish for instances of a later generation: killed at any moment, it is not forgotten.
ALTER TABLE competitors ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE instances ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
