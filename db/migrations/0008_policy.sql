-- What the operator said of one competitor: a JSON object of fields and values, '' for nothing.
ALTER TABLE competitors ADD COLUMN policy TEXT NOT NULL DEFAULT '';
