/*
 * fuzz_image_archive.c - any bytes as an image archive; what is taken reads the same when written anew.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/bundle/image.h"

#define MOST (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
write_again(int fd, const struct image_archive *found)
{
	_cleanup_close_ int out = memfd_create("again", MFD_CLOEXEC);
	struct image_archive again = { 0 };
	struct error err = { 0 };

	if (image_archive_write(fd, found, "localhost/x:1", bundle_to_fd, &out, &err) < 0 ||
	    image_archive_read(out, MOST, &again, &err) < 0)
		abort();
	if (strcmp(again.id, found->id) != 0 || again.nlayers != found->nlayers ||
	    again.bytes != found->bytes)
		abort();
	for (size_t i = 0; i < found->nlayers; i++)
		if (strcmp(again.layers[i].digest, found->layers[i].digest) != 0)
			abort();
	image_archive_done(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_close_ int fd = memfd_create("fuzz", MFD_CLOEXEC);
	struct image_archive found = { 0 };
	struct error err = { 0 };

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	if (image_archive_read(fd, MOST, &found, &err) == 0)
		write_again(fd, &found);
	else if (err.kind == ERROR_NONE || err.text[0] == '\0' || found.nlayers != 0)
		abort();
	image_archive_done(&found);
	return 0;
}
