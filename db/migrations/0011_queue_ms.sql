-- How long a chat waited for a free slot; -1: from before it was kept.
ALTER TABLE usage ADD COLUMN queue_ms INTEGER NOT NULL DEFAULT -1;
