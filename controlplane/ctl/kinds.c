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
	{ "created", "created_at", CTL_COL_AGE, false },
	{ "updated", "updated_at", CTL_COL_AGE, true },
};

static const struct ctl_column event_columns[] = {
	{ "at", "at", CTL_COL_AGE, false },
	{ "actor", "actor", CTL_COL_TEXT, false },
	{ "action", "action", CTL_COL_TEXT, false },
	{ "object", "object_id", CTL_COL_TEXT, false },
	{ "detail", "detail", CTL_COL_FREE, false },
	{ "id", "id", CTL_COL_TEXT, true },
};

static const struct ctl_column check_columns[] = {
	{ "check", "name", CTL_COL_TEXT, false },
	{ "ok", "ok", CTL_COL_TEXT, false },
	{ "saw", "saw", CTL_COL_FREE, false },
	{ "fix", "fix", CTL_COL_FREE, true },
};

static const struct ctl_column log_columns[] = {
	{ "ts", "ts", CTL_COL_TEXT, false },
	{ "stream", "stream", CTL_COL_TEXT, false },
	{ "text", "text", CTL_COL_FREE, false },
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
	KIND("event", event_columns),
	KIND("check", check_columns),
	KIND("log", log_columns),
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
