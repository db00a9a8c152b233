-- Whose fault it was: the code alone does not say who limited a chat. Of older rows it is as the code says.
ALTER TABLE usage ADD COLUMN fault TEXT NOT NULL DEFAULT '';
