/*
 * fuzz_host_line.c - a line is refused, or all that it asks for has its bounds.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/sandbox/host_line.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *line = str_ndup((const char *)bytes, len);
	struct host_command c = { 0 };
	struct error err = { 0 };

	if (host_command_parse(line, &c, &err) < 0) {
		assert(err.kind == ERROR_INVALID && c.pod.nenv == 0);
		free(line);
		return 0;
	}
	assert(c.verb == HOST_PULL || c.name[0] != '\0');
	if (c.verb == HOST_PULL || c.verb == HOST_RUN)
		assert(strstr(c.image, "sha256:") != NULL);
	if (c.verb == HOST_RUN) {
		assert(c.pod.memory_bytes > 0 && c.pod.pids > 0 && c.pod.nano_cpus > 0);
		assert(c.pod.port > 0 && c.pod.port < 65536 && c.pod.tmpfs_bytes > 0);
		for (size_t i = 0; i < c.pod.nvolumes; i++)
			assert(c.pod.volumes[i][0] == '/');
	}
	host_command_done(&c);
	free(line);
	return 0;
}
