-- A version that was accepted and is never to serve again.
ALTER TABLE versions ADD COLUMN retired_at_ms INTEGER NOT NULL DEFAULT 0;
