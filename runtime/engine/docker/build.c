/*
 * build.c - an image from a Containerfile, as the engine builds it.
 */
#include "runtime/base/buf.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/net/url.h"

#define STALL_MS (10 * 60 * 1000)
#define MEMORY_BYTES (INT64_C(4) << 30)
#define CPU_PERIOD 100000

int
docker_build(struct engine *e, int context_fd, const char *containerfile, const char *tag,
    void (*on_text)(const char *text, void *arg), void *arg, const atomic_bool *cancel,
    struct error *err)
{
	const struct docker_tar t = { .verb = "build",
		.fd = context_fd,
		.stall_ms = STALL_MS,
		.on_text = on_text,
		.arg = arg };
	_cleanup_buf_ struct buf path = { 0 };

	buf_add_str(&path, "/build?rm=1&forcerm=1&networkmode=none&t=");
	url_encode(&path, tag);
	buf_add_str(&path, "&dockerfile=");
	url_encode(&path, containerfile);
	buf_printf(&path, "&memory=%lld&memswap=%lld&cpuperiod=%d&cpuquota=%d",
	    (long long)MEMORY_BYTES, (long long)MEMORY_BYTES, CPU_PERIOD, 2 * CPU_PERIOD);
	return docker_tar(e, buf_str(&path), &t, cancel, err);
}
