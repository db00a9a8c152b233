/*
 * resolve.c - a reference to the digest that will run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/engine/image_ref.h"
#include "runtime/engine/registry_ask.h"
#include "runtime/net/http_client.h"

#define TAG_PULL_STALL_MS 120000

static const char *const no_credentials[] = { "X-Registry-Auth: e30=", NULL };

static int
ask_registry(struct docker *d, const struct image_ref *of, const char *ref, char digest[DIGEST_MAX],
    struct error *err)
{
	struct http_call call = { .total_ms = REGISTRY_MS, .headers = no_credentials };
	_cleanup_free_ char *path = str_printf("/distribution/%s/json", ref);
	_cleanup_json_ cJSON *json = NULL;
	_cleanup_reply_ struct docker_reply r = { 0 };
	char text[ENGINE_TEXT_MAX];
	int status = docker_stream(d, "GET", path, &call, err);

	r = (struct docker_reply){ call.status, call.reply };
	/* The engine answers other calls; that this one hangs is the registry's doing. */
	if (status < 0 && err->kind == ERROR_TIMEOUT)
		return registry_refusal(err, 0, "deadline exceeded", ref);
	if (status < 0)
		return -1;
	if (r.status != 200) {
		registry_refusal(
		    err, r.status, docker_message(buf_str(&r.body), r.body.len, text), ref);
		if (err->kind == ERROR_BUSY)
			err->retry_after_s =
			    registry_wait_s(of, of->digest[0] != '\0' ? of->digest : of->tag);
		return -1;
	}
	if (json_parse(buf_str(&r.body), r.body.len, &json, NULL) < 0)
		return error_set(
		    err, ERROR_UPSTREAM, "engine: what it says of %.120s is not JSON", ref);
	const char *found = json_str(json_get(json, "Descriptor"), "digest");
	if (found == NULL || !str_starts(found, "sha256:") || strlen(found) >= DIGEST_MAX)
		return error_set(
		    err, ERROR_UPSTREAM, "the registry of %.120s gave no sha256 digest", ref);
	snprintf(digest, DIGEST_MAX, "%s", found);
	return 0;
}

/* An engine that cannot ask without pulling: ask in its place.  A registry that wants to know who asks
 * may know the engine: pull the tag, then see what came. */
static int
pull_to_know(struct docker *d, const struct image_ref *ref, const char *text,
    char digest[DIGEST_MAX], struct error *err)
{
	struct image_info info = { 0 };
	const char *which = ref->digest[0] != '\0' ? ref->digest : ref->tag;

	if (registry_digest(ref, which, digest, NULL) == 0)
		return 0;
	if (docker_pull_tag(d, ref, TAG_PULL_STALL_MS, err) < 0 ||
	    docker_image(&d->engine, text, &info, err) < 0)
		return -1;
	if (info.digest[0] != '\0')
		memcpy(digest, info.digest, DIGEST_MAX);
	else
		error_set(err, ERROR_UPSTREAM, "the engine keeps no digest for %.120s", text);
	image_info_done(&info);
	return digest[0] != '\0' ? 0 : -1;
}

int
docker_resolve(
    struct engine *e, const char *text, char digest[DIGEST_MAX], bool *local, struct error *err)
{
	struct docker *d = docker_of(e);
	struct error why = { 0 };
	struct dialect now = { 0 };
	struct image_ref ref;
	struct image_info here = { 0 };
	char full[700], found[DIGEST_MAX] = "", id[DIGEST_MAX] = "";
	bool no_registry = false;
	int status;

	if (image_ref_parse(text, &ref, err) < 0 || docker_dialect(d, false, &now, err) < 0)
		return -1;
	ref_text(&ref, NULL, full);
	if (docker_image(e, full, &here, &why) == 0) {
		memcpy(id, here.id, sizeof(id));
		no_registry = here.digest[0] == '\0' && ref.host[0] == '\0';
		image_info_done(&here);
	} else if (why.kind != ERROR_NOT_FOUND) {
		return error_set(err, why.kind, "%s", why.text);
	}
	if (no_registry)
		status = -1;
	else if (now.ways->resolves)
		status = ask_registry(d, &ref, full, found, &why);
	else
		status = pull_to_know(d, &ref, full, found, &why);
	if (status == 0) {
		memcpy(digest, found, DIGEST_MAX);
		*local = false;
		return 0;
	}
	if (id[0] == '\0' ||
	    !(no_registry || why.kind == ERROR_NOT_FOUND || why.kind == ERROR_UNAVAILABLE ||
		(why.kind == ERROR_DENIED && ref.host[0] == '\0'))) {
		if (err != NULL)
			*err = why;
		return -1;
	}
	memcpy(digest, id, DIGEST_MAX);
	*local = true;
	return 0;
}
