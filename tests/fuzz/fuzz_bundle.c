/*
 * fuzz_bundle.c - any bytes as an archive: what comes out keeps the limits, and so do the names.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/bundle/bundle.h"
#include "runtime/bundle/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct bundle_limits limits = { .entries = 50,
		.bytes = 1 << 20,
		.ratio = 100,
		.ratio_free_bytes = 1 << 16,
		.name_bytes = 200,
		.depth = 8 };
	_cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
	_cleanup_bundle_ struct bundle_reader *r = NULL;
	struct bundle_entry e;
	struct error err = { 0 };
	char bytes[4096];
	int64_t total = 0, entries = 0;
	int rc;

	if (fd < 0 || write(fd, data, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) < 0)
		return 0;
	r = bundle_open(fd, &limits, &err);
	if (r == NULL) {
		if (err.kind == ERROR_NONE || err.text[0] == '\0')
			abort();
		return 0;
	}
	while ((rc = bundle_next(r, &e, &err)) > 0) {
		ssize_t n;

		if (e.link != NULL ||
		    name_check(e.name, limits.name_bytes, limits.depth, NULL) < 0 ||
		    ++entries > limits.entries)
			abort();
		while ((n = bundle_read(r, bytes, sizeof(bytes), &err)) > 0)
			total += n;
		if (total > limits.bytes + (int64_t)sizeof(bytes) || (e.is_dir && n > 0))
			abort();
		if (n < 0)
			break;
	}
	if (rc < 0 && (err.kind == ERROR_NONE || err.text[0] == '\0'))
		abort();
	return 0;
}
