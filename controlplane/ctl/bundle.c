/*
 * bundle.c - signed bundles: verify one, export a competitor as one, import one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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
#include "runtime/bundle/signed.h"

#define BYTES_MAX (INT64_C(64) << 30)
#define STORY_MAX ((size_t)64 << 20)
#define EXPORT_STALL_MS (10 * 60 * 1000) /* the engine saves the image before a byte comes */

static struct bundle_limits
limits(void)
{
	struct bundle_limits l = bundle_limits_default;

	l.bytes = BYTES_MAX;
	return l;
}

static int
open_input(const char *path, struct error *err)
{
	const int fd = str_eq(path, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
					 : open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? error_errno(err, "%s", path) : fd;
}

/* ---- verify ---- */

int
ctl_verify_bundle(struct ctl *ctl)
{
	const char *const signer = ctl->opt.signer;
	const struct bundle_limits l = limits();
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	struct signed_bundle found = { 0 };
	struct error err = { 0 };

	if (signer != NULL && !ed25519_public_valid(signer))
		return ctl_misuse(
		    ctl, "--signer: '%.80s' is not 'ed25519:' and 64 hex digits", signer);
	_cleanup_close_ int fd = open_input(ctl->words[0], &err);
	if (fd < 0)
		return ctl_misuse(ctl, "%s", err.text);
	const bool ok = signed_read(fd, &l, signer, NULL, NULL, &found, &err) == 0;
	json_add_str(json, "object", "verification");
	json_add_bool(json, "ok", ok);
	json_add_str(json, "kind", json_str(found.manifest, "kind"));
	json_add_str(json, "signer", ok ? found.public_key : NULL);
	json_add_str(json, "created_at", json_str(found.manifest, "created_at"));
	json_add_int(json, "files", found.files);
	json_add_int(json, "size_bytes", found.bytes);
	json_add_str(json, "broken", ok ? NULL : err.text);
	signed_bundle_done(&found);
	ctl_print_fields(ctl, ctl_kind_of("plain"), json, stdout);
	if (ok && signer == NULL)
		ctl_note(ctl,
		    "whose key that is, 'janusctl status' of its daemon says; --signer asks for "
		    "it");
	return ok ? CTL_OK : CTL_CHECK;
}

/* ---- export ---- */

static int
to_stdout(const char *bytes, size_t len, void *arg)
{
	struct error *err = arg;
	int fd = STDOUT_FILENO;

	return bundle_to_fd(bytes, len, &fd, err);
}

int
ctl_export_competitor(struct ctl *ctl)
{
	_cleanup_buf_ struct buf path = { 0 };
	struct ctl_failure f = { 0 };
	struct error err = { 0 }, full = { 0 };

	if (ctl_ref_check("competitor", ctl->words[0], &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ctl->out_is_terminal)
		return ctl_misuse(
		    ctl, "a bundle is not for a terminal: send it to a file with '>'");
	ctl_ref_path(&path, "competitor", ctl->words[0], "export");
	const struct ctl_call call = {
		.method = "GET",
		.path = buf_str(&path),
		.total_ms = -1,
		.stall_ms = EXPORT_STALL_MS,
		.on_data = to_stdout,
		.arg = &full,
	};
	ctl_catch_interrupt();
	if (ctl_ask(ctl, &call, NULL, &f) < 0) {
		if (full.kind != ERROR_NONE && !ctl_interrupted())
			ctl_fail(&f, CTL_FAILED, "not_written", "%s", full.text);
		return ctl_complain(ctl, &f);
	}
	ctl_note(ctl, "exported %s; next: janusctl import competitor FILE, where it is to go",
	    ctl->words[0]);
	return CTL_OK;
}

/* ---- import ---- */

struct parts { /* believed once the whole bundle was read */
	int image; /* a file without a name */
	struct buf story, histories; /* the second is empty if it was never elsewhere */
};

static int
take(const char *name, const void *bytes, size_t len, void *arg, struct error *err)
{
	struct parts *p = arg;
	struct buf *text = str_eq(name, "competitor.json") ? &p->story
	    : str_eq(name, "histories.json")               ? &p->histories
							   : NULL;

	if (bytes == NULL)
		return 0;
	if (str_eq(name, "image.tar"))
		return bundle_to_fd(bytes, len, &p->image, err);
	if (text == NULL)
		return 0; /* of a later kind: checked, and left alone */
	if (text->len + len > STORY_MAX)
		return error_set(err, ERROR_TOO_BIG, "entry '%s': too large", name);
	buf_add(text, bytes, len);
	return 0;
}

/* The texts that were signed, as they are: the daemon checks them again, and so does who has them next. */
static int
add_history(cJSON *body, const struct signed_bundle *b, const struct parts *p, struct error *err)
{
	const size_t bytes = strlen(b->text) + strlen(b->seal) + p->story.len + p->histories.len;
	cJSON *history = json_add_obj(body, "history");

	if (bytes > SIGNED_TEXTS_MAX) /* before its image is sent for nothing */
		return error_set(err, ERROR_TOO_BIG,
		    "its history has %zu bytes, and %d are taken: --no-history leaves it here",
		    bytes, SIGNED_TEXTS_MAX);
	json_add_str(history, "manifest", b->text);
	json_add_str(history, "signature", b->seal);
	json_add_str(history, "competitor", buf_str(&p->story));
	if (p->histories.len != 0)
		json_add_str(history, "histories", buf_str(&p->histories));
	return 0;
}

/* What the new submission says of itself. */
static int
describe(const struct ctl *ctl, const struct signed_bundle *b, const struct parts *p, cJSON *body,
    cJSON **story, struct error *err)
{
	const char *name = json_str(b->manifest, "competitor");
	const cJSON *manifest;

	if (!str_eq(json_str(b->manifest, "kind"), "competitor") || name == NULL ||
	    p->story.len == 0)
		return error_set(err, ERROR_INVALID, "it is not the bundle of a competitor");
	if (json_parse(p->story.data, p->story.len, story, err) < 0)
		return error_add(err, "competitor.json");
	json_add_str(body, "name", ctl->opt.name != NULL ? ctl->opt.name : name);
	manifest = json_path(*story, "version.manifest");
	if (cJSON_IsObject(manifest))
		cJSON_AddItemToObject(body, "manifest", cJSON_Duplicate(manifest, true));
	_cleanup_free_ char *origin =
	    str_printf("exported %s as %s %s, signed by %s", json_str(b->manifest, "created_at"),
		name, json_str(b->manifest, "version_id"), b->public_key);
	json_add_str(body, "origin", origin);
	return ctl->opt.no_history ? 0 : add_history(body, b, p, err);
}

static void
tell_history(struct ctl *ctl, const cJSON *body, const cJSON *sub, const cJSON *story)
{
	const char *name = json_str(body, "name");

	ctl_note(ctl, "imported %s as %s; what it did elsewhere %s: %d versions, %d submissions",
	    name, json_str(sub, "id"),
	    ctl->opt.no_history ? "stays in the bundle" : "comes with it",
	    cJSON_GetArraySize(json_get(story, "versions")),
	    cJSON_GetArraySize(json_get(story, "submissions")));
	if (!ctl->opt.no_history)
		ctl_note(ctl,
		    "once it is accepted, 'janusctl show competitor %s --history' shows it", name);
}

static int
submit(struct ctl *ctl, struct parts *p, cJSON *body, const cJSON *story)
{
	_cleanup_json_ cJSON *sub = NULL;
	_cleanup_buf_ struct buf next = { 0 };
	char digest[CTL_DIGEST_MAX];
	struct ctl_failure f = { 0 };

	if (ctl_send_bundle(ctl, p->image, digest, &f) < 0)
		return ctl_complain(ctl, &f);
	json_add_str(body, "bundle", digest);
	if (ctl_submit(ctl, body, &sub, &f) < 0)
		return ctl_complain(ctl, &f);
	tell_history(ctl, body, sub, story);
	if (cJSON_IsObject(json_get(story, "policy"))) {
		_cleanup_free_ char *policy = json_print(json_get(story, "policy"));

		ctl_note(ctl, "its policy there was %s; 'janusctl update competitor' sets it here",
		    policy);
	}
	if (ctl->opt.wait)
		return ctl_follow(ctl, "submission", json_str(sub, "id"));
	ctl_print_object(ctl, ctl_kind_of("submission"), sub, stdout);
	ctl_next_command(&next, sub);
	ctl_note(ctl, "next: %s", buf_str(&next));
	return CTL_OK;
}

static int
import_from(struct ctl *ctl, int fd, struct parts *p)
{
	const struct bundle_limits l = limits();
	_cleanup_json_ cJSON *body = cJSON_CreateObject(), *story = NULL;
	struct signed_bundle found = { 0 };
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	int rc = signed_read(fd, &l, ctl->opt.signer, take, p, &found, &err);

	if (rc == 0)
		rc = describe(ctl, &found, p, body, &story, &err);
	signed_bundle_done(&found);
	if (rc == 0 && lseek(p->image, 0, SEEK_SET) < 0)
		rc = error_errno(&err, "the image");
	if (rc < 0) {
		const bool large = err.kind == ERROR_TOO_BIG;

		ctl_fail(&f, large ? CTL_INVALID : CTL_CHECK,
		    large ? "payload_too_large" : "not_verified", "%s: %s", ctl->words[0],
		    err.text);
		return ctl_complain(ctl, &f);
	}
	return submit(ctl, p, body, story);
}

int
ctl_import_competitor(struct ctl *ctl)
{
	struct error err = { 0 };

	if (ctl->opt.name != NULL && !str_slug_valid(ctl->opt.name))
		return ctl_misuse(ctl, "--name '%.60s' is not a slug", ctl->opt.name);
	if (ctl->opt.signer != NULL && !ed25519_public_valid(ctl->opt.signer))
		return ctl_misuse(
		    ctl, "--signer: '%.80s' is not 'ed25519:' and 64 hex digits", ctl->opt.signer);
	_cleanup_close_ int fd = open_input(ctl->words[0], &err);
	if (fd < 0)
		return ctl_misuse(ctl, "%s", err.text);
	struct parts p = { .image = ctl_scratch(&err) };
	if (p.image < 0)
		return ctl_misuse(ctl, "%s", err.text);
	const int code = import_from(ctl, fd, &p);
	close(p.image);
	buf_done(&p.story);
	buf_done(&p.histories);
	return code;
}
