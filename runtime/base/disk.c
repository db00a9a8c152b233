/*
 * disk.c - statvfs.
 */
#include "runtime/base/disk.h"

#include <stdio.h>
#include <sys/statvfs.h>

#include "runtime/base/error.h"
#include "runtime/base/str.h"

int
disk_look(const char *path, struct disk *out, struct error *err)
{
	struct statvfs fs;

	if (statvfs(path, &fs) < 0)
		return error_errno(err, "%s", path);
	out->total_bytes = (int64_t)fs.f_blocks * (int64_t)fs.f_frsize;
	out->free_bytes = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	return 0;
}

double
disk_free_percent(const struct disk *d)
{
	return d->total_bytes > 0 ? 100.0 * (double)d->free_bytes / (double)d->total_bytes : 100;
}

const char *
disk_words(const struct disk *d, char *out, size_t cap)
{
	char free_text[24], total[24];

	snprintf(out, cap, "%s of %s free (%.0f %%)",
	    str_format_size(d->free_bytes, free_text, sizeof(free_text)),
	    str_format_size(d->total_bytes, total, sizeof(total)), disk_free_percent(d));
	return out;
}
