/*
 * pack.c - what is handed in, as one file.
 */
#include "controlplane/ctl/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/ctl.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#include "runtime/bundle/bundle.h"
#include "runtime/engine/docker/docker.h"
#include "runtime/engine/engine.h"

#define PACKED_MAX_BYTES (INT64_C(64) << 30)
#define SAVE_STALL_MS 300000

int
ctl_scratch(struct error *err)
{
	const char *dir = getenv("TMPDIR");
	_cleanup_free_ char *path =
	    str_printf("%s/janusctl.XXXXXX", dir != NULL && dir[0] == '/' ? dir : "/tmp");
	const int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, "%s", path);
	unlink(path);
	return fd;
}

static int
rewind_fd(int fd, struct error *err)
{
	return lseek(fd, 0, SEEK_SET) < 0 ? error_errno(err, "the archive") : 0;
}

int
ctl_digest(int fd, char out[7 + HASH_HEX_MAX], struct error *err)
{
	struct hasher *h = hasher_new();
	char bytes[65536], hex[HASH_HEX_MAX];
	ssize_t n;

	while ((n = read(fd, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			hasher_add(h, bytes, (size_t)n);
	hasher_hex(h, hex);
	hasher_free(h);
	if (n < 0)
		return error_errno(err, "the archive");
	snprintf(out, 7 + HASH_HEX_MAX, "sha256:%s", hex);
	return rewind_fd(fd, err);
}

static int
pack_tree(int dir, struct error *err)
{
	_cleanup_close_ int fd = ctl_scratch(err);
	_cleanup_bundle_writer_ struct bundle_writer *w =
	    bundle_writer_new(BUNDLE_TAR, bundle_to_fd, &fd);
	struct bundle_limits limits = bundle_limits_default;

	limits.bytes = PACKED_MAX_BYTES;
	if (fd < 0 || bundle_add_tree(w, dir, &limits, err) < 0 || bundle_end(w, err) < 0 ||
	    rewind_fd(fd, err) < 0)
		return -1;
	return TAKE_FD(fd);
}

/* ---- building it here ---- */

static void
on_text(const char *text, void *arg)
{
	ctl_note(arg, "%s", text);
}

struct saving {
	int fd;
	struct error err;
};

static int
on_saved(const char *bytes, size_t len, void *arg)
{
	struct saving *s = arg;

	return bundle_to_fd(bytes, len, &s->fd, &s->err);
}

static int
save(struct engine *e, const char *tag, struct error *err)
{
	struct saving s = { .fd = ctl_scratch(err) };
	_cleanup_close_ int fd = s.fd;

	if (fd < 0)
		return -1;
	if (e->driver->save(e, tag, SAVE_STALL_MS, on_saved, &s, NULL, err) < 0) {
		if (s.err.kind != ERROR_NONE)
			*err = s.err;
		return -1;
	}
	return rewind_fd(fd, err) < 0 ? -1 : TAKE_FD(fd);
}

static int
build_with(struct ctl *ctl, struct engine *e, int dir, const char *containerfile, struct error *err)
{
	_cleanup_close_ int context = pack_tree(dir, err);
	char suffix[ID_MAX];
	int fd = -1;

	if (context < 0)
		return -1;
	id_new("b", suffix);
	_cleanup_free_ char *tag = str_printf("localhost/janus-build:%s", suffix + 2);
	if (docker_build(e, context, containerfile, tag, on_text, ctl, NULL, err) == 0)
		fd = save(e, tag, err);
	e->driver->untag(e, tag, NULL);
	return fd;
}

static int
build(struct ctl *ctl, int dir, const char *containerfile, struct error *err)
{
	_cleanup_free_ char *socket = engine_find_socket(err);
	const struct engine_config c = { .socket = socket };
	struct engine *e;

	if (socket == NULL)
		return error_add(err, "a Containerfile is built by the engine of this machine");
	e = docker_engine_new(&c);
	ctl_note(
	    ctl, "building %s with the engine at %s, without a network", containerfile, socket);
	const int fd = build_with(ctl, e, dir, containerfile, err);
	e->driver->free(e);
	return fd;
}

static int
pack_dir(struct ctl *ctl, int dir, const char *path, struct error *err)
{
	static const char *const names[] = { "Containerfile", "Dockerfile" };

	if (faccessat(dir, "oci-layout", F_OK, 0) == 0)
		return pack_tree(dir, err);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (faccessat(dir, names[i], F_OK, 0) == 0)
			return build(ctl, dir, names[i], err);
	return error_set(err, ERROR_INVALID,
	    "%s: neither an OCI layout ('oci-layout') nor something to build ('Containerfile')",
	    path);
}

int
ctl_pack(struct ctl *ctl, const char *path, struct error *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, "%s", path);
	if (S_ISDIR(st.st_mode))
		return pack_dir(ctl, fd, path, err);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_INVALID, "%s: neither a file nor a directory", path);
	return TAKE_FD(fd);
}
