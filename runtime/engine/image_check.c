/*
 * image_check.c - may this image run here at all?
 */
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/engine.h"
#include "runtime/engine/spec.h"

#define VOLUMES_MAX 16
#define ENV_MAX 1024
#define ENV_MAX_BYTES (128 << 10) /* more, and with the arguments no program may start */

/* Is path this directory or below it? */
static bool
is_within(const char *path, const char *dir)
{
	const size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static bool
is_kernel_path(const char *path)
{
	return is_within(path, "/proc") || is_within(path, "/sys") || is_within(path, "/dev");
}

/* Absolute, without empty, "." and ".." parts, and nothing that could be read as an option. */
static bool
path_is_plain(const char *path)
{
	if (path[0] != '/' || strlen(path) > 255)
		return false;
	for (const char *p = path; *p != '\0'; p++) {
		if ((unsigned char)*p < ' ' || *p == ':' || *p == ',')
			return false;
		if (p[0] != '/')
			continue;
		if (p[1] == '/' || (p[1] == '.' && (p[2] == '/' || p[2] == '\0')) ||
		    (p[1] == '.' && p[2] == '.' && (p[3] == '/' || p[3] == '\0')))
			return false;
	}
	return true;
}

static int
check_volumes(const struct image_info *i, struct error *err)
{
	if (i->nvolumes > VOLUMES_MAX)
		return error_set(err, ERROR_INVALID,
		    "image declares %zu volumes, at most %d are allowed", i->nvolumes, VOLUMES_MAX);
	for (size_t n = 0; n < i->nvolumes; n++) {
		const char *v = i->volumes[n];

		if (!path_is_plain(v) || strcmp(v, "/") == 0 || is_kernel_path(v) ||
		    is_within(v, "/run/janus"))
			return error_set(err, ERROR_INVALID,
			    "image declares a volume at '%.80s', which cannot be one", v);
	}
	return 0;
}

int
image_check(const struct image_info *i, const struct policy *policy, const char *host_arch,
    struct error *err)
{
	const char *dir = i->working_dir;
	char size[24], most[24];

	if (!str_eq(i->os, "linux"))
		return error_set(
		    err, ERROR_INVALID, "image is for the system '%.30s', not linux", i->os);
	if (!str_eq(i->arch, host_arch))
		return error_set(err, ERROR_INVALID,
		    "image is for architecture %.30s, this host is %.30s",
		    i->arch[0] != '\0' ? i->arch : "(unknown)", host_arch);
	if (i->size_bytes > policy->image_bytes)
		return error_set(err, ERROR_INVALID, "image has %s, at most %s are allowed",
		    str_format_size(i->size_bytes, size, sizeof(size)),
		    str_format_size(policy->image_bytes, most, sizeof(most)));
	if (!i->has_command)
		return error_set(
		    err, ERROR_INVALID, "image has no command: give it an ENTRYPOINT or CMD");
	if (dir[0] != '\0' && (!path_is_plain(dir) || is_kernel_path(dir)))
		return error_set(err, ERROR_INVALID,
		    "image has the working directory '%.80s', which must "
		    "be absolute and outside /proc, /sys and /dev",
		    dir);
	if (i->nenv > ENV_MAX || i->env_bytes > ENV_MAX_BYTES)
		return error_set(err, ERROR_INVALID,
		    "image sets %zu environment variables of %zu bytes, at most %d of %d are "
		    "allowed",
		    i->nenv, i->env_bytes, ENV_MAX, ENV_MAX_BYTES);
	return check_volumes(i, err);
}
