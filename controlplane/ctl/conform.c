/*
 * conform.c - put something to the checks that every submission has to pass, and nothing more.
 */
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/follow.h"
#include "controlplane/ctl/refs.h"
#include "controlplane/ctl/submission.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

/* Is there a competitor of that name?  1, 0, or -1 with f. */
static int
is_competitor(struct ctl *ctl, const char *name, struct ctl_failure *f)
{
	_cleanup_buf_ struct buf path = { 0 };
	_cleanup_json_ cJSON *object = NULL;

	if (ctl_ref_check("competitor", name, NULL) < 0)
		return 0;
	ctl_ref_path(&path, "competitor", name, NULL);
	if (ctl_get(ctl, buf_str(&path), &object, f) == 0)
		return 1;
	if (f->exit_code != CTL_NOT_FOUND)
		return -1;
	free(TAKE(f->envelope));
	return 0;
}

int
ctl_conform(struct ctl *ctl)
{
	const char *what = ctl->words[0];
	_cleanup_json_ cJSON *body = cJSON_CreateObject(), *sub = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	const bool url = strstr(what, "://") != NULL;
	const int known = url ? 0 : is_competitor(ctl, what, &f);

	if (known < 0)
		return ctl_complain(ctl, &f);
	json_add_str(body, url ? "url" : known ? "competitor" : "image", what);
	json_add_bool(body, "check_only", true);
	if (ctl->opt.manifest != NULL && ctl_add_manifest(body, ctl->opt.manifest, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl_submit(ctl, body, &sub, &f) < 0)
		return ctl_complain(ctl, &f);
	return ctl_follow(ctl, "submission", json_str(sub, "id"));
}
