"""The public suites of Janus, made: see docs/suites.md."""
