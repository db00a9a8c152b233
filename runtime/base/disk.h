/*
 * disk.h - how much of a file system is left.
 */
#ifndef JANUS_BASE_DISK_H
#define JANUS_BASE_DISK_H
#include <stddef.h>
#include <stdint.h>
struct error;

struct disk {
	int64_t total_bytes, free_bytes; /* free to users that are not root */
};
/** disk_look - of the file system that path is on. */
int disk_look(const char *path, struct disk *out, struct error *);
/** disk_free_percent - 0 to 100; 100 of one that says no size. */
double disk_free_percent(const struct disk *);
/** disk_words - "12 MiB of 1 GiB free (1 %)"; returns out. */
const char *disk_words(const struct disk *, char *out, size_t cap);
#endif
