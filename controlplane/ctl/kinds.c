/*
 * kinds.c - what the API lists, and the columns people see.
 */
#include "controlplane/ctl/kinds.h"

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

static const struct ctl_column competitor_columns[] = {
	{ "name", "name", CTL_COL_TEXT, false },
	{ "state", "state", CTL_COL_TEXT, false },
	{ "default", "is_default", CTL_COL_TEXT, false },
	{ "instances", "instances", CTL_COL_NUMBER, false },
	{ "source", "image|url", CTL_COL_FREE, false },
	{ "detail", "state_detail|state_reason", CTL_COL_FREE, false },
	{ "updated", "updated_at", CTL_COL_AGE, false },
	{ "id", "id", CTL_COL_TEXT, true },
	{ "at-once", "concurrency", CTL_COL_NUMBER, true },
	{ "queued", "queue.interactive", CTL_COL_NUMBER, true },
	{ "breaker", "breaker.state", CTL_COL_TEXT, true },
	{ "wanted", "wanted", CTL_COL_TEXT, true },
	{ "version", "version_id", CTL_COL_TEXT, true },
	{ "digest", "digest", CTL_COL_DIGEST, true },
	{ "created", "created_at", CTL_COL_AGE, true },
};

static const struct ctl_column submission_columns[] = {
	{ "id", "id", CTL_COL_TEXT, false },
	{ "name", "name", CTL_COL_TEXT, false },
	{ "state", "state", CTL_COL_TEXT, false },
	{ "reason", "state_reason", CTL_COL_TEXT, false },
	{ "detail", "state_detail", CTL_COL_FREE, false },
	{ "created", "created_at", CTL_COL_AGE, false },
	{ "source", "image|url", CTL_COL_FREE, true },
	{ "digest", "digest", CTL_COL_DIGEST, true },
	{ "version", "version_id", CTL_COL_TEXT, true },
	{ "fault", "fault", CTL_COL_TEXT, true },
	{ "since", "state_since", CTL_COL_AGE, true },
};

static const struct ctl_column instance_columns[] = {
	{ "id", "id", CTL_COL_TEXT, false },
	{ "competitor", "competitor|competitor_id", CTL_COL_TEXT, false },
	{ "state", "state", CTL_COL_TEXT, false },
	{ "restarts", "restarts", CTL_COL_NUMBER, false },
	{ "detail", "state_detail|state_reason", CTL_COL_FREE, false },
	{ "since", "state_since", CTL_COL_AGE, false },
	{ "version", "version_id", CTL_COL_TEXT, true },
	{ "digest", "digest", CTL_COL_DIGEST, true },
	{ "uid", "uid", CTL_COL_NUMBER, true },
	{ "health", "health.status", CTL_COL_NUMBER, true },
	{ "created", "created_at", CTL_COL_AGE, true },
};

static const struct ctl_column version_columns[] = {
	{ "id", "id", CTL_COL_TEXT, false },
	{ "competitor", "competitor|competitor_id", CTL_COL_TEXT, false },
	{ "digest", "digest", CTL_COL_DIGEST, false },
	{ "source", "image|url|reference", CTL_COL_FREE, false },
	{ "current", "is_current", CTL_COL_TEXT, false },
	{ "retired", "retired_at", CTL_COL_AGE, false },
	{ "created", "created_at", CTL_COL_AGE, false },
	{ "updated", "updated_at", CTL_COL_AGE, true },
};

static const struct ctl_column event_columns[] = {
	{ "at", "at", CTL_COL_AGE, false },
	{ "actor", "actor", CTL_COL_TEXT, false },
	{ "action", "action", CTL_COL_TEXT, false },
	{ "object", "object_id", CTL_COL_TEXT, false },
	{ "before", "before", CTL_COL_FREE, false },
	{ "after", "after", CTL_COL_FREE, false },
	{ "detail", "detail", CTL_COL_FREE, false },
	{ "id", "id", CTL_COL_TEXT, true },
	{ "request", "request_id", CTL_COL_TEXT, true },
	{ "hash", "hash", CTL_COL_DIGEST, true },
};

static const struct ctl_column request_columns[] = {
	{ "id", "id", CTL_COL_TEXT, false },
	{ "competitor", "competitor|competitor_id", CTL_COL_TEXT, false },
	{ "status", "status", CTL_COL_NUMBER, false },
	{ "code", "code", CTL_COL_TEXT, false },
	{ "tokens", "completion_tokens", CTL_COL_NUMBER, false },
	{ "ttft", "ttft_ms", CTL_COL_NUMBER, false },
	{ "gap", "max_gap_ms", CTL_COL_NUMBER, false },
	{ "queue", "queue_ms", CTL_COL_NUMBER, false },
	{ "duration", "duration_ms", CTL_COL_NUMBER, false },
	{ "created", "created_at", CTL_COL_AGE, false },
	{ "stream", "stream", CTL_COL_TEXT, true },
	{ "attempts", "attempts", CTL_COL_NUMBER, true },
	{ "instance", "instance_id", CTL_COL_TEXT, true },
	{ "fault", "fault", CTL_COL_TEXT, true },
};

static const struct ctl_column egress_columns[] = {
	{ "at", "at", CTL_COL_AGE, false },
	{ "competitor", "competitor", CTL_COL_TEXT, false },
	{ "service", "service", CTL_COL_TEXT, false },
	{ "operation", "operation", CTL_COL_TEXT, false },
	{ "target", "target", CTL_COL_FREE, false },
	{ "decision", "decision", CTL_COL_TEXT, false },
	{ "code", "code", CTL_COL_TEXT, false },
	{ "calls", "calls", CTL_COL_NUMBER, false },
	{ "usd", "cost_usd", CTL_COL_NUMBER, false },
	{ "request", "request_id", CTL_COL_TEXT, false },
	{ "ms", "duration_ms", CTL_COL_NUMBER, true },
	{ "tokens-in", "prompt_tokens", CTL_COL_NUMBER, true },
	{ "tokens-out", "completion_tokens", CTL_COL_NUMBER, true },
	{ "bytes-in", "bytes_in", CTL_COL_NUMBER, true },
	{ "bytes-out", "bytes_out", CTL_COL_NUMBER, true },
	{ "instance", "instance_id", CTL_COL_TEXT, true },
	{ "id", "id", CTL_COL_TEXT, true },
};

static const struct ctl_column backup_columns[] = {
	{ "id", "id", CTL_COL_TEXT, false },
	{ "kind", "kind", CTL_COL_TEXT, false },
	{ "bytes", "size_bytes", CTL_COL_NUMBER, false },
	{ "schema", "schema", CTL_COL_NUMBER, false },
	{ "competitors", "counts.competitors", CTL_COL_NUMBER, false },
	{ "artifacts", "counts.artifacts", CTL_COL_NUMBER, false },
	{ "created", "created_at", CTL_COL_AGE, false },
	{ "version", "version", CTL_COL_TEXT, true },
	{ "files", "files", CTL_COL_NUMBER, true },
	{ "requests", "counts.requests", CTL_COL_NUMBER, true },
	{ "path", "path", CTL_COL_FREE, true },
};

static const struct ctl_column capture_columns[] = {
	{ "id", "id", CTL_COL_TEXT, false },
	{ "request", "request_id", CTL_COL_TEXT, false },
	{ "competitor", "competitor", CTL_COL_TEXT, false },
	{ "status", "status", CTL_COL_NUMBER, false },
	{ "frames", "frames", CTL_COL_NUMBER, false },
	{ "bytes", "bytes", CTL_COL_NUMBER, false },
	{ "complete", "complete", CTL_COL_TEXT, false },
	{ "created", "created_at", CTL_COL_AGE, false },
	{ "code", "code", CTL_COL_TEXT, true },
	{ "content", "content", CTL_COL_TEXT, true },
	{ "skipped", "skipped", CTL_COL_NUMBER, true },
	{ "file-bytes", "file_bytes", CTL_COL_NUMBER, true },
	{ "duration", "duration_ms", CTL_COL_NUMBER, true },
};

static const struct ctl_column artifact_columns[] = {
	{ "id", "id", CTL_COL_TEXT, false },
	{ "competitor", "competitor", CTL_COL_TEXT, false },
	{ "name", "display_name", CTL_COL_FREE, false },
	{ "type", "mime_type", CTL_COL_TEXT, false },
	{ "bytes", "size_bytes", CTL_COL_NUMBER, false },
	{ "request", "request_id", CTL_COL_TEXT, false },
	{ "created", "created_at", CTL_COL_AGE, false },
	{ "expires", "expires_at", CTL_COL_TEXT, true },
	{ "kind", "type", CTL_COL_TEXT, true },
	{ "sha256", "sha256", CTL_COL_TEXT, true },
	{ "owner", "owner", CTL_COL_TEXT, true },
	{ "declared", "declared_id", CTL_COL_TEXT, true },
};

static const struct ctl_column component_columns[] = {
	{ "id", "id", CTL_COL_TEXT, false },
	{ "version", "version", CTL_COL_TEXT, false },
	{ "category", "category", CTL_COL_TEXT, false },
	{ "state", "state", CTL_COL_TEXT, false },
	{ "calls", "usage.calls", CTL_COL_NUMBER, false },
	{ "contract", "contract.type", CTL_COL_TEXT, false },
	{ "author", "author", CTL_COL_TEXT, false },
	{ "name", "name", CTL_COL_FREE, false },
	{ "available", "available", CTL_COL_TEXT, true },
	{ "detail", "available_detail|state_reason", CTL_COL_FREE, true },
	{ "competitors", "usage.competitors", CTL_COL_NUMBER, true },
	{ "calls-30d", "usage.last_30_days.calls", CTL_COL_NUMBER, true },
	{ "entrypoint", "entrypoint", CTL_COL_FREE, true },
	{ "created", "created_at", CTL_COL_AGE, true },
	{ "reviewed", "reviewed_at", CTL_COL_AGE, true },
};

static const struct ctl_column arena_columns[] = {
	{ "competitor", "competitor", CTL_COL_TEXT, false },
	{ "rank", "rank.range", CTL_COL_TEXT, false },
	{ "rating", "rating", CTL_COL_POINTS, false },
	{ "low", "low", CTL_COL_POINTS, false },
	{ "high", "high", CTL_COL_POINTS, false },
	{ "battles", "battles", CTL_COL_NUMBER, false },
	{ "wins", "wins", CTL_COL_NUMBER, false },
	{ "losses", "losses", CTL_COL_NUMBER, false },
	{ "ties", "ties", CTL_COL_NUMBER, false },
	{ "bad", "bad", CTL_COL_NUMBER, true },
	{ "group", "group", CTL_COL_NUMBER, true },
	{ "id", "id", CTL_COL_TEXT, true },
};

static const struct ctl_column frame_columns[] = {
	{ "ms", "t_ms", CTL_COL_NUMBER, false },
	{ "gap", "gap_ms", CTL_COL_NUMBER, false },
	{ "kind", "kind", CTL_COL_TEXT, false },
	{ "bytes", "bytes", CTL_COL_NUMBER, false },
	{ "text", "text|hex", CTL_COL_FREE, false },
};

static const struct ctl_column moment_columns[] = {
	{ "at", "at", CTL_COL_AGE, true },
	{ "ms", "ms", CTL_COL_NUMBER, false },
	{ "what", "what", CTL_COL_TEXT, false },
	{ "attempt", "attempt", CTL_COL_NUMBER, false },
	{ "detail", "detail", CTL_COL_FREE, false },
};

static const struct ctl_column top_columns[] = {
	{ "name", "name", CTL_COL_TEXT, false },
	{ "state", "state", CTL_COL_TEXT, false },
	{ "in-flight", "in_flight", CTL_COL_NUMBER, false },
	{ "req/s", "requests_per_second", CTL_COL_NUMBER, false },
	{ "tok/s", "tokens_per_second", CTL_COL_NUMBER, false },
	{ "ttft-p50", "ttft_p50_ms", CTL_COL_NUMBER, false },
	{ "ttft-p95", "ttft_p95_ms", CTL_COL_NUMBER, false },
	{ "gap", "longest_gap_ms", CTL_COL_NUMBER, false },
	{ "errors", "errors", CTL_COL_NUMBER, false },
	{ "requests", "requests", CTL_COL_NUMBER, true },
	{ "id", "id", CTL_COL_TEXT, true },
};

static const struct ctl_column run_columns[] = {
	{ "id", "id", CTL_COL_TEXT, false },
	{ "competitor", "competitor", CTL_COL_TEXT, false },
	{ "suite", "suite", CTL_COL_TEXT, false },
	{ "state", "state", CTL_COL_TEXT, false },
	{ "done", "progress.done", CTL_COL_NUMBER, false },
	{ "of", "progress.total", CTL_COL_NUMBER, false },
	{ "score", "scores.composite.value|progress.score", CTL_COL_POINTS, false },
	{ "eta", "eta_seconds", CTL_COL_NUMBER, false },
	{ "detail", "state_detail|state_reason", CTL_COL_FREE, false },
	{ "created", "created_at", CTL_COL_AGE, false },
	{ "reason", "reason", CTL_COL_TEXT, true },
	{ "whole", "is_whole", CTL_COL_TEXT, true },
	{ "low", "scores.composite.low", CTL_COL_POINTS, true },
	{ "high", "scores.composite.high", CTL_COL_POINTS, true },
	{ "seed", "seed", CTL_COL_NUMBER, true },
	{ "code", "code", CTL_COL_TEXT, true },
	{ "fault", "fault", CTL_COL_TEXT, true },
	{ "requeues", "requeues", CTL_COL_NUMBER, true },
	{ "worker", "worker", CTL_COL_TEXT, true },
	{ "version", "version_id", CTL_COL_TEXT, true },
	{ "finished", "finished_at", CTL_COL_AGE, true },
};

static const struct ctl_column schedule_columns[] = {
	{ "id", "id", CTL_COL_TEXT, false },
	{ "cron", "cron", CTL_COL_TEXT, false },
	{ "tz", "tz", CTL_COL_TEXT, false },
	{ "suite", "suite", CTL_COL_TEXT, false },
	{ "competitor", "competitor", CTL_COL_TEXT, false },
	{ "next", "next_at", CTL_COL_TEXT, false },
	{ "last-run", "last_run_id", CTL_COL_TEXT, false },
	{ "state", "state", CTL_COL_TEXT, false },
	{ "missed", "missed", CTL_COL_TEXT, true },
	{ "jitter-ms", "jitter_ms", CTL_COL_NUMBER, true },
	{ "detail", "state_detail", CTL_COL_FREE, true },
	{ "created", "created_at", CTL_COL_AGE, true },
};

static const struct ctl_column suite_columns[] = {
	{ "name", "name", CTL_COL_TEXT, false },
	{ "version", "version", CTL_COL_TEXT, false },
	{ "items", "items", CTL_COL_NUMBER, false },
	{ "sealed", "is_sealed", CTL_COL_TEXT, false },
	{ "default", "is_default", CTL_COL_TEXT, false },
	{ "title", "title", CTL_COL_FREE, false },
	{ "scoring", "scoring", CTL_COL_TEXT, true },
	{ "digest", "digest", CTL_COL_DIGEST, true },
};

static const struct ctl_column leaderboard_columns[] = {
	{ "rank", "rank.range", CTL_COL_TEXT, false },
	{ "name", "competitor", CTL_COL_TEXT, false },
	{ "champion", "is_champion", CTL_COL_TEXT, false },
	{ "score", "scores.composite.value", CTL_COL_POINTS, false },
	{ "low", "scores.composite.low", CTL_COL_POINTS, false },
	{ "high", "scores.composite.high", CTL_COL_POINTS, false },
	{ "quality", "scores.quality.value", CTL_COL_POINTS, false },
	{ "speed", "scores.speed.value", CTL_COL_POINTS, false },
	{ "cost", "scores.cost.value", CTL_COL_POINTS, false },
	{ "streaming", "scores.streaming.value", CTL_COL_POINTS, false },
	{ "modality", "scores.modality.value", CTL_COL_POINTS, false },
	{ "failures", "failures", CTL_COL_NUMBER, false },
	{ "scored", "scored_at", CTL_COL_AGE, false },
	{ "rating", "arena.rating", CTL_COL_POINTS, true },
	{ "attempts", "attempts", CTL_COL_NUMBER, true },
	{ "excluded", "excluded", CTL_COL_NUMBER, true },
	{ "state", "state", CTL_COL_TEXT, true },
	{ "canary", "is_canary", CTL_COL_TEXT, true },
	{ "fast", "is_fast", CTL_COL_TEXT, true },
	{ "cheap", "is_cheap", CTL_COL_TEXT, true },
	{ "cost-from", "cost_from", CTL_COL_TEXT, true },
	{ "version", "version_id", CTL_COL_TEXT, true },
	{ "digest", "digest", CTL_COL_DIGEST, true },
	{ "evidence", "evidence", CTL_COL_TEXT, true },
	{ "id", "id", CTL_COL_TEXT, true },
};

static const struct ctl_column champion_columns[] = {
	{ "champion", "competitor", CTL_COL_TEXT, false },
	{ "canary", "canary.competitor", CTL_COL_TEXT, false },
	{ "serving", "serving", CTL_COL_TEXT, false },
	{ "fast", "fast", CTL_COL_TEXT, false },
	{ "cheap", "cheap", CTL_COL_TEXT, false },
	{ "reason", "champion.reason", CTL_COL_FREE, false },
	{ "suite", "suite", CTL_COL_TEXT, true },
};

static const struct ctl_column reign_columns[] = {
	{ "name", "competitor", CTL_COL_TEXT, false },
	{ "state", "state", CTL_COL_TEXT, false },
	{ "cause", "cause", CTL_COL_TEXT, false },
	{ "began", "created_at", CTL_COL_AGE, false },
	{ "reason", "reason", CTL_COL_FREE, false },
	{ "ended", "ended_at", CTL_COL_AGE, false },
	{ "why", "end_reason", CTL_COL_TEXT, false },
	{ "crowned", "crowned_at", CTL_COL_AGE, true },
	{ "detail", "detail", CTL_COL_FREE, true },
	{ "actor", "actor", CTL_COL_TEXT, true },
	{ "id", "id", CTL_COL_TEXT, true },
};

static const struct ctl_column key_columns[] = {
	{ "name", "name", CTL_COL_TEXT, false },
	{ "kind", "kind", CTL_COL_TEXT, false },
	{ "state", "state", CTL_COL_TEXT, false },
	{ "key", "prefix", CTL_COL_TEXT, false },
	{ "ends", "last_four", CTL_COL_TEXT, false },
	{ "expires", "expires_at", CTL_COL_TEXT, false },
	{ "created", "created_at", CTL_COL_AGE, false },
	{ "id", "id", CTL_COL_TEXT, true },
	{ "req/min", "limits.requests_per_minute", CTL_COL_NUMBER, true },
	{ "at-once", "limits.concurrency", CTL_COL_NUMBER, true },
	{ "tok/min", "limits.tokens_per_minute", CTL_COL_NUMBER, true },
	{ "usd/day", "limits.usd_per_day", CTL_COL_NUMBER, true },
	{ "usd/month", "limits.usd_per_month", CTL_COL_NUMBER, true },
	{ "rotated", "rotated_at", CTL_COL_AGE, true },
};

static const struct ctl_column usage_columns[] = {
	{ "of", "name|of", CTL_COL_TEXT, false },
	{ "requests", "requests", CTL_COL_NUMBER, false },
	{ "failed", "failed", CTL_COL_NUMBER, false },
	{ "tokens-in", "prompt_tokens", CTL_COL_NUMBER, false },
	{ "tokens-out", "completion_tokens", CTL_COL_NUMBER, false },
	{ "usd", "cost_usd", CTL_COL_NUMBER, false },
	{ "last", "last_at", CTL_COL_AGE, false },
	{ "id", "of", CTL_COL_TEXT, true },
	{ "ms", "duration_ms", CTL_COL_NUMBER, true },
};

static const struct ctl_column check_columns[] = {
	{ "check", "name", CTL_COL_TEXT, false },
	{ "ok", "ok", CTL_COL_TEXT, true },
	{ "level", "level", CTL_COL_TEXT, false },
	{ "saw", "saw", CTL_COL_FREE, false },
	{ "fix", "fix", CTL_COL_FREE, true },
	{ "docs", "docs", CTL_COL_TEXT, true },
};

static const struct ctl_column config_columns[] = {
	{ "setting", "name", CTL_COL_TEXT, false },
	{ "value", "value", CTL_COL_TEXT, false },
	{ "origin", "origin", CTL_COL_TEXT, false },
	{ "live", "live", CTL_COL_TEXT, true },
	{ "help", "help", CTL_COL_FREE, true },
};

static const struct ctl_column finding_columns[] = {
	{ "check", "check", CTL_COL_TEXT, false },
	{ "verdict", "verdict", CTL_COL_TEXT, false },
	{ "seen", "seen", CTL_COL_FREE, false },
	{ "expected", "expected", CTL_COL_FREE, true },
};

static const struct ctl_column past_columns[] = {
	{ "at", "at", CTL_COL_AGE, false },
	{ "where", "where", CTL_COL_DIGEST, false },
	{ "what", "what", CTL_COL_TEXT, false },
	{ "state", "state", CTL_COL_TEXT, false },
	{ "id", "id", CTL_COL_TEXT, false },
	{ "detail", "detail", CTL_COL_FREE, false },
	{ "digest", "digest", CTL_COL_DIGEST, true },
};

static const struct ctl_column policy_columns[] = {
	{ "field", "field", CTL_COL_TEXT, false },
	{ "value", "value", CTL_COL_TEXT, false },
	{ "origin", "origin", CTL_COL_FREE, false },
};

static const struct ctl_column log_columns[] = {
	{ "ts", "ts", CTL_COL_TEXT, false },
	{ "stream", "stream", CTL_COL_TEXT, false },
	{ "text", "text", CTL_COL_FREE, false },
};

static const struct ctl_column context_columns[] = {
	{ "name", "name", CTL_COL_TEXT, false },
	{ "url", "url", CTL_COL_TEXT, false },
	{ "key-file", "api_key_file", CTL_COL_FREE, false },
};

/* For what has no columns of its own. */
static const struct ctl_column plain_columns[] = {
	{ "id", "id", CTL_COL_TEXT, false },
};

#define KIND(noun_, columns_)                        \
	{                                            \
		noun_, columns_, ARRAY_LEN(columns_) \
	}
static const struct ctl_kind kinds[] = {
	KIND("competitor", competitor_columns),
	KIND("submission", submission_columns),
	KIND("instance", instance_columns),
	KIND("version", version_columns),
	KIND("run", run_columns),
	KIND("schedule", schedule_columns),
	KIND("suite", suite_columns),
	KIND("event", event_columns),
	KIND("leaderboard", leaderboard_columns),
	KIND("champion", champion_columns),
	KIND("reign", reign_columns),
	KIND("key", key_columns),
	KIND("usage", usage_columns),
	KIND("request", request_columns),
	KIND("egress", egress_columns),
	KIND("moment", moment_columns),
	KIND("capture", capture_columns),
	KIND("backup", backup_columns),
	KIND("artifact", artifact_columns),
	KIND("arena", arena_columns),
	KIND("component", component_columns),
	KIND("frame", frame_columns),
	KIND("top", top_columns),
	KIND("check", check_columns),
	KIND("config", config_columns),
	KIND("finding", finding_columns),
	KIND("past", past_columns),
	KIND("policy", policy_columns),
	KIND("log", log_columns),
	KIND("context", context_columns),
	KIND("plain", plain_columns),
};

const struct ctl_kind *
ctl_kind_of(const char *noun)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_eq(kinds[i].noun, noun))
			return &kinds[i];
	return &kinds[ARRAY_LEN(kinds) - 1];
}
