/*
 * submit.c - submit an image or a URL, wait for a submission.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/evidence.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/follow.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/pack.h"
#include "controlplane/ctl/refs.h"
#include "controlplane/ctl/submission.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/url.h"

#define MANIFEST_MAX_BYTES ((size_t)512 << 10) /* of a component, with its contract */
#define SEND_STALL_MS (10 * 60 * 1000) /* the daemon unpacks and hashes it all before it answers */

int
ctl_add_manifest(cJSON *body, const char *path, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	cJSON *manifest = NULL;
	size_t len = 0;

	if (ctl_read_input(path, MANIFEST_MAX_BYTES, &text, &len, err) < 0)
		return error_add(err, "manifest");
	if (json_parse(text, len, &manifest, err) < 0)
		return error_add(
		    err, "manifest %s", str_eq(path, "-") ? "of standard input" : path);
	if (!cJSON_IsObject(manifest)) {
		cJSON_Delete(manifest);
		return error_set(err, ERROR_INVALID, "manifest %s: not a JSON object", path);
	}
	cJSON_AddItemToObject(body, "manifest", manifest);
	return 0;
}

/* What the daemon would refuse anyway, said before asking it. */
static int
check(const struct ctl *ctl, const char *kind, const char *what, struct error *err)
{
	struct url url;

	if (!str_slug_valid(ctl->opt.name))
		return error_set(err, ERROR_INVALID,
		    "--name '%.60s': lower-case letters, digits and hyphens, at most 40, no hyphen "
		    "at an end",
		    ctl->opt.name);
	if (str_eq(kind, "url"))
		return url_parse(what, &url, err);
	if (str_eq(kind, "bundle"))
		return 0;
	for (const char *c = what; *c != '\0'; c++)
		if (isspace((unsigned char)*c) || iscntrl((unsigned char)*c))
			return error_set(err, ERROR_INVALID, "an image reference has no blanks");
	if (str_starts(what, "http://") || str_starts(what, "https://"))
		return error_set(
		    err, ERROR_INVALID, "'%.100s' is a URL: did you mean 'submit url'?", what);
	return what[0] != '\0' ? 0 : error_set(err, ERROR_INVALID, "the image reference is empty");
}

int
ctl_submit(struct ctl *ctl, const cJSON *body, cJSON **sub, struct ctl_failure *f)
{
	const bool dry = ctl->opt.dry_run;
	const struct ctl_call call = {
		.method = "POST",
		.path = dry ? "/api/v1/submissions?dry_run=true" : "/api/v1/submissions",
		.body = body,
	};

	if (ctl_ask(ctl, &call, sub, f) < 0)
		return -1;
	if (!dry && json_str(*sub, "id") == NULL)
		return ctl_fail(
		    f, CTL_UNREACHABLE, "bad_response", "the daemon's answer is not a submission");
	return 0;
}

static int
submit(struct ctl *ctl, const char *kind, const char *what)
{
	_cleanup_json_ cJSON *body = cJSON_CreateObject(), *sub = NULL;
	_cleanup_buf_ struct buf next = { 0 };
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	const char *id;

	if (check(ctl, kind, what, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	json_add_str(body, "name", ctl->opt.name);
	json_add_str(body, kind, what);
	if (ctl->opt.manifest != NULL && ctl_add_manifest(body, ctl->opt.manifest, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl_submit(ctl, body, &sub, &f) < 0)
		return ctl_complain(ctl, &f);
	if (ctl->opt.dry_run)
		return ctl_show_trial(ctl, sub);
	id = json_str(sub, "id");
	ctl_note(ctl, "submitted %s as %s", ctl->opt.name, id);
	if (ctl->opt.wait)
		return ctl_follow(ctl, "submission", id);
	ctl_print_object(ctl, ctl_kind_of("submission"), sub, stdout);
	ctl_next_command(&next, sub);
	ctl_note(ctl, "next: %s", buf_str(&next));
	return CTL_OK;
}

int
ctl_submit_image(struct ctl *ctl)
{
	return submit(ctl, "image", ctl->words[0]);
}

int
ctl_submit_url(struct ctl *ctl)
{
	return submit(ctl, "url", ctl->words[0]);
}

int
ctl_send_bundle(struct ctl *ctl, int fd, char digest[CTL_DIGEST_MAX], struct ctl_failure *f)
{
	_cleanup_json_ cJSON *bundle = NULL;
	struct error err = { 0 };

	if (ctl_digest(fd, digest, &err) < 0)
		return ctl_fail(f, CTL_USAGE, "usage", "%s", err.text);
	_cleanup_free_ char *path = str_printf("/api/v1/bundles/%s", digest);
	const struct ctl_call call = {
		.method = "PUT",
		.path = path,
		.body_fd = fd,
		.total_ms = -1,
		.stall_ms = SEND_STALL_MS,
	};
	if (ctl_ask(ctl, &call, &bundle, f) < 0)
		return -1;
	ctl_note(ctl, "sent %s: image %s", digest,
	    json_str(json_get(bundle, "image"), "id") != NULL
		? json_str(json_get(bundle, "image"), "id")
		: "unknown");
	return 0;
}

int
ctl_submit_bundle(struct ctl *ctl)
{
	char digest[CTL_DIGEST_MAX];
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (check(ctl, "bundle", "", &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	_cleanup_close_ int fd = ctl_pack(ctl, ctl->words[0], &err);
	if (fd < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl_send_bundle(ctl, fd, digest, &f) < 0)
		return ctl_complain(ctl, &f);
	return submit(ctl, "bundle", digest);
}

int
ctl_wait_submission(struct ctl *ctl)
{
	struct error err = { 0 };

	if (ctl_ref_check("submission", ctl->words[0], &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	return ctl_follow(ctl, "submission", ctl->words[0]);
}
