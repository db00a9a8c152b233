/*
 * bench.c - measure a competitor now or again and again, and wait for it.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/follow.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

static void
add_given(cJSON *body, const char *key, int64_t value)
{
	if (value >= 0)
		json_add_int(body, key, value);
}

/* What both say; -1: the name cannot be one. */
static int
add_measuring(const struct ctl *ctl, cJSON *body, struct error *err)
{
	const struct ctl_options *o = &ctl->opt;

	if (!str_eq(o->competitor, "all") && ctl_ref_check("competitor", o->competitor, err) < 0)
		return error_add(err, "--competitor");
	json_add_str(body, "competitor", o->competitor);
	if (o->suite != NULL)
		json_add_str(body, "suite", o->suite);
	add_given(body, "seed", o->seed);
	add_given(body, "epochs", o->epochs);
	add_given(body, "subset_percent", o->subset);
	add_given(body, "concurrency", o->concurrency);
	return 0;
}

static int
ask(struct ctl *ctl, const char *path, const cJSON *body, cJSON **out, struct ctl_failure *f)
{
	_cleanup_free_ char *whole =
	    str_printf("%s%s", path, ctl->opt.dry_run ? "?dry_run=true" : "");
	const struct ctl_call call = { .method = "POST", .path = whole, .body = body };

	if (ctl_ask(ctl, &call, out, f) < 0)
		return -1;
	return ctl->opt.dry_run || json_str(*out, "id") != NULL
	    ? 0
	    : ctl_fail(f, CTL_UNREACHABLE, "bad_response", "the daemon's answer has no id");
}

int
ctl_run_bench(struct ctl *ctl)
{
	_cleanup_json_ cJSON *body = cJSON_CreateObject(), *run = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (add_measuring(ctl, body, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ask(ctl, "/api/v1/runs", body, &run, &f) < 0)
		return ctl_complain(ctl, &f);
	if (ctl->opt.dry_run)
		return ctl_show_trial(ctl, run);
	ctl_note(ctl, "%s measures %s by %s", json_str(run, "id"), json_str(run, "competitor"),
	    json_str(run, "suite"));
	if (ctl->opt.wait)
		return ctl_follow(ctl, "run", json_str(run, "id"));
	ctl_print_object(ctl, ctl_kind_of("run"), run, stdout);
	ctl_note(ctl, "next: janusctl wait run %s", json_str(run, "id"));
	return CTL_OK;
}

int
ctl_schedule_bench(struct ctl *ctl)
{
	const struct ctl_options *o = &ctl->opt;
	_cleanup_json_ cJSON *body = cJSON_CreateObject(), *schedule = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	char jitter[32];

	if (add_measuring(ctl, body, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	json_add_str(body, "cron", o->cron);
	if (o->tz != NULL)
		json_add_str(body, "tz", o->tz);
	if (o->missed != NULL)
		json_add_str(body, "missed", o->missed);
	if (o->jitter_ms >= 0) {
		snprintf(jitter, sizeof(jitter), "%lldms", (long long)o->jitter_ms);
		json_add_str(body, "jitter", jitter);
	}
	if (ask(ctl, "/api/v1/schedules", body, &schedule, &f) < 0)
		return ctl_complain(ctl, &f);
	if (o->dry_run)
		return ctl_show_trial(ctl, schedule);
	ctl_print_object(ctl, ctl_kind_of("schedule"), schedule, stdout);
	ctl_note(ctl, "%s measures %s next at %s", json_str(schedule, "id"),
	    json_str(schedule, "competitor"), json_str(schedule, "next_at"));
	ctl_note(ctl, "next: janusctl list schedules");
	return CTL_OK;
}

int
ctl_wait_run(struct ctl *ctl)
{
	struct error err = { 0 };

	if (ctl_ref_check("run", ctl->words[0], &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	return ctl_follow(ctl, "run", ctl->words[0]);
}
