/*
 * bundles.c - image archives that are sent here: checked before they have a name.
 *
 * What is refused leaves nothing: the file it was written to has no name until all was well.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/api/handlers.h"
#include "controlplane/supervise/uploads.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/bundle/image.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_server.h"

bool
bundle_begin(struct api *api, struct http_request *req, const struct route_params *params,
    enum wire_code *code, struct error *err)
{
	const char *digest = route_param(params, "digest");
	const char *length = http_header_get(req, "content-length");
	int64_t bytes = 0;

	*code = CODE_INVALID_VALUE;
	if (!upload_digest_valid(digest)) {
		error_set(err, ERROR_INVALID,
		    "A bundle is sent to its own digest: 'sha256:' and 64 hex digits.");
		return false;
	}
	if (length != NULL && str_parse_int(length, 0, INT64_MAX, &bytes, err) < 0)
		return false;
	*code = CODE_PAYLOAD_TOO_LARGE;
	if (bytes > api->d.image_bytes) {
		error_set(err, ERROR_TOO_BIG,
		    "The archive is larger than an image may be (policy.image).");
		return false;
	}
	req->body_fd = uploads_begin(api->d.state_dir, bytes, err);
	*code = err->kind == ERROR_BUSY ? CODE_CONCURRENCY : CODE_LOW_DISK;
	return req->body_fd >= 0;
}

struct checking {
	struct api_call *call;
	const char *state_dir;
	char digest[72];
	int64_t max_bytes, bytes;
	int fd; /* the call's */
	struct image_archive image;
	struct error err;
};

static int
check_digest(struct checking *k)
{
	struct hasher *h = hasher_new();
	char bytes[65536], digest[HASH_HEX_MAX];
	ssize_t n;

	for (int64_t at = 0; (n = pread(k->fd, bytes, sizeof(bytes), at)) > 0; at += n)
		hasher_add(h, bytes, (size_t)n);
	hasher_hex(h, digest);
	hasher_free(h);
	if (n < 0)
		return error_errno(&k->err, "read what was sent");
	if (strcmp(digest, k->digest + strlen("sha256:")) != 0)
		return error_set(&k->err, ERROR_INVALID,
		    "what was sent has the digest sha256:%s: it was changed on its way, or sent to "
		    "the wrong place",
		    digest);
	return 0;
}

static void
check_work(void *arg)
{
	struct checking *k = arg;

	if (check_digest(k) == 0 &&
	    image_archive_read(k->fd, k->max_bytes, &k->image, &k->err) == 0 &&
	    uploads_keep(k->state_dir, k->fd, k->digest, &k->err) == 0)
		k->err.kind = ERROR_NONE;
}

static cJSON *
render(const struct checking *k)
{
	cJSON *json = cJSON_CreateObject(), *image;

	json_add_str(json, "object", "bundle");
	json_add_str(json, "digest", k->digest);
	json_add_int(json, "size_bytes", k->bytes);
	image = json_add_obj(json, "image");
	json_add_str(image, "id", k->image.id);
	json_add_str(image, "architecture", k->image.arch);
	json_add_int(image, "layers", (int64_t)k->image.nlayers);
	json_add_int(image, "size_bytes", k->image.bytes);
	return json;
}

static void
check_done(void *arg)
{
	struct checking *k = arg;

	if (k->err.kind == ERROR_NONE)
		reply_json(k->call, 201, render(k));
	else if (k->err.kind == ERROR_INVALID || k->err.kind == ERROR_TOO_BIG)
		reply_code(k->call, CODE_UNPROCESSABLE, NULL, "%s", k->err.text);
	else
		reply_error(k->call, &k->err);
	image_archive_done(&k->image);
	free(k);
}

void
bundle_put(struct api_call *c)
{
	struct checking *k = mem_zalloc(sizeof(*k));

	supervisor_sweep_uploads(DEPS(c)->supervisor);
	k->call = c;
	k->state_dir = DEPS(c)->state_dir;
	k->max_bytes = DEPS(c)->image_bytes;
	k->fd = c->body_fd;
	k->bytes = c->body_bytes;
	str_copy(k->digest, sizeof(k->digest), route_param(&c->params, "digest"));
	worker_run(DEPS(c)->workers, DEPS(c)->control, check_work, check_done, k);
}
