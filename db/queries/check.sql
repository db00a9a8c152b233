-- What must hold among rows: each names those for which it does not, at most 20.
-- name: check_instance_version
-- What runs is a version of its competitor.
SELECT i.id FROM instances i LEFT JOIN versions v ON v.id = i.version_id AND v.competitor_id = i.competitor_id
WHERE i.removed_at_ms = 0 AND v.id IS NULL LIMIT 20;
-- name: check_competitor_version
-- What serves, or is to serve a share, was accepted, and is the competitor's own.
SELECT c.id FROM competitors c
LEFT JOIN versions v ON v.id = c.version_id AND v.competitor_id = c.id AND v.accepted_at_ms <> 0
LEFT JOIN versions n ON n.id = c.candidate_id AND n.competitor_id = c.id AND n.accepted_at_ms <> 0
WHERE c.removed_at_ms = 0 AND ((COALESCE(c.version_id, '') <> '' AND v.id IS NULL) OR (c.candidate_id <> '' AND n.id IS NULL))
LIMIT 20;
-- name: check_submission_ready
-- One that was accepted made a version of a competitor.
SELECT s.id FROM submissions s LEFT JOIN versions v ON v.id = s.version_id AND v.competitor_id = s.competitor_id
WHERE s.state = 'ready' AND s.check_only = 0 AND v.id IS NULL LIMIT 20;
-- name: check_lease_owner
-- A run that is under way has a worker and the number of its lease; one that is not has no key.
SELECT id FROM runs
WHERE (state = 'running' AND (worker = '' OR lease = 0)) OR (state NOT IN ('queued', 'running') AND finished_at_ms = 0) LIMIT 20;
-- name: check_reign
-- Who reigns, or is on trial, is a competitor that was not removed.
SELECT g.id FROM reigns g LEFT JOIN competitors c ON c.id = g.competitor_id
WHERE g.state IN ('reigning', 'canary') AND c.id IS NULL LIMIT 20;
-- name: check_vote
-- A battle has a winner if it was voted on, and only then.
SELECT id FROM battles WHERE (state = 'voted') <> (winner <> '') LIMIT 20;
-- name: check_artifact
-- Each file that an artifact's bytes are in.
SELECT sha256, MAX(size_bytes), MIN(id) FROM artifacts GROUP BY sha256;
-- name: check_counts
-- How many there are of what.
SELECT 'competitors', COUNT(*) FROM competitors WHERE removed_at_ms = 0
UNION ALL SELECT 'versions', COUNT(*) FROM versions
UNION ALL SELECT 'submissions', COUNT(*) FROM submissions
UNION ALL SELECT 'keys', COUNT(*) FROM keys WHERE revoked_at_ms = 0
UNION ALL SELECT 'artifacts', COUNT(*) FROM artifacts
UNION ALL SELECT 'runs', COUNT(*) FROM runs
UNION ALL SELECT 'schedules', COUNT(*) FROM schedules WHERE removed_at_ms = 0
UNION ALL SELECT 'components', COUNT(*) FROM components
UNION ALL SELECT 'events', COUNT(*) FROM events
UNION ALL SELECT 'requests', COUNT(*) FROM usage;
-- name: artifact_drop_sum
-- In a copy: the rows whose bytes are not there.
DELETE FROM artifacts WHERE sha256 = ?1;
