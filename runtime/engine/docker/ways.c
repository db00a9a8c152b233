/*
 * ways.c - how the engines that speak this API differ: all of it is this table.
 *
 * What a container is asked with and reads back as is in pod_json.c and readback.c, by `podman`.
 */
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"

static const struct engine_ways docker = {
	.name = "docker",
	.resolves = true,
	.tells_oom = true,
	.tells_no_exec = true,
	.info_ms = PING_MS,
};

/* As of 4.3 with conmon 2.1: the mark of a kill at the memory limit is written into a directory where
 * nobody looks; its init, catatonit, ends with 1 for what it could not start; and /info and /version
 * run programs that take seconds on a busy machine, and are not ended when nobody waits any more. */
static const struct engine_ways podman = {
	.name = "podman",
	.podman = true,
	.info_ms = 15000,
	.info_keep_ms = 60000,
};

const struct engine_ways *
ways_of(const cJSON *version)
{
	const cJSON *part;

	json_for_each(part, json_get(version, "Components")) {
		const char *name = json_str(part, "Name");

		if (name != NULL && str_starts(name, "Podman"))
			return &podman;
	}
	return &docker;
}

/* "ERROR (catatonit:6): failed to exec pid1: No such file or directory" */
int
init_exec_code(const char *text, size_t len)
{
	static const char start[] = "ERROR (catatonit:", failed[] = "failed to exec pid1: ";
	static const struct {
		const char *words;
		int code; /* as a shell has it */
	} causes[] = {
		{ "No such file or directory", 127 },
		{ "Permission denied", 126 },
		{ "Exec format error", 126 },
		{ "Is a directory", 126 },
	};
	const char *at = memmem(text, len, failed, strlen(failed));

	if (memcmp(text, start, len < strlen(start) ? len : strlen(start)) != 0)
		return -1;
	for (size_t i = 0; at != NULL && i < ARRAY_LEN(causes); i++)
		if (memmem(at, len - (size_t)(at - text), causes[i].words,
			strlen(causes[i].words)) != NULL)
			return causes[i].code;
	return 0;
}
