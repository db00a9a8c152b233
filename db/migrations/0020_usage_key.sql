-- No question needs it: all that group by key ask since a time, and each chat had to be entered here too.
DROP INDEX usage_key;
