/*
 * load.c - images in and out of the engine as archives, and out of it for good.
 */
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/net/http_client.h"

int
docker_load(struct engine *e, int fd, const char *id, int64_t stall_ms, const atomic_bool *cancel,
    struct error *err)
{
	const struct docker_tar t = { .verb = "load", .fd = fd, .stall_ms = stall_ms };
	struct image_info info = { 0 };

	if (docker_tar(e, "/images/load?quiet=1", &t, cancel, err) < 0 ||
	    docker_image(e, id, &info, err) < 0)
		return -1;
	image_info_done(&info);
	return 0;
}

int
docker_save(struct engine *e, const char *ref, int64_t stall_ms,
    int (*fn)(const char *bytes, size_t len, void *arg), void *arg, const atomic_bool *cancel,
    struct error *err)
{
	struct http_call call = {
		.stall_ms = stall_ms, .cancel = cancel, .on_data = fn, .arg = arg
	};
	_cleanup_free_ char *path = str_printf("/images/%s/get", ref);
	_cleanup_reply_ struct docker_reply r = { 0 };

	if (!image_ref_is_safe(ref))
		return error_set(err, ERROR_INVALID, "image reference: '%.60s' is none", ref);
	const int rc = docker_stream(docker_of(e), "GET", path, &call, err);
	r = (struct docker_reply){ call.status, call.reply };
	if (rc < 0)
		return -1;
	if (r.status == 404)
		return error_set(err, ERROR_NOT_FOUND, "no such image on this host: %.150s", ref);
	return r.status >= 300 ? docker_refusal(err, &r, "save the image") : 0;
}

int
docker_untag(struct engine *e, const char *ref, struct error *err)
{
	_cleanup_free_ char *path = str_printf("/images/%s", ref);
	_cleanup_reply_ struct docker_reply r = { 0 };

	if (!image_ref_is_safe(ref))
		return error_set(err, ERROR_INVALID, "image reference: '%.60s' is none", ref);
	if (docker_call(docker_of(e), "DELETE", path, NULL, CHANGE_MS, &r, err) < 0)
		return -1;
	if (r.status == 404 || r.status < 300)
		return 0;
	docker_refusal(err, &r, "forget the image");
	if (r.status == 409 && err != NULL)
		err->kind = ERROR_CONFLICT;
	return -1;
}
