/*
 * reserve.c - a file whose only use is that it can go.
 */
#include "controlplane/store/reserve.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/disk.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define DISK_PART 16 /* of a small disk, at most so much of it */
#define BLOCK 4096

int64_t
reserve_size(int64_t wanted_bytes, int64_t total_bytes)
{
	const int64_t most = total_bytes / DISK_PART;

	return (wanted_bytes < most ? wanted_bytes : most) / BLOCK * BLOCK;
}

struct reserve_step
reserve_decide(int64_t wanted_bytes, const struct reserve_seen *seen)
{
	const int64_t size = reserve_size(wanted_bytes, seen->total_bytes);

	if (size == 0)
		return (struct reserve_step){ false, false };
	if (!seen->held) /* room for it, and as much beside it */
		return (struct reserve_step){ seen->free_bytes >= 2 * size,
			seen->free_bytes < 2 * size };
	return (struct reserve_step){ false, seen->free_bytes < (seen->low ? size : size / 2) };
}

void
reserve_clear(const char *dir)
{
	_cleanup_free_ char *path = str_printf("%s/reserve", dir);

	unlink(path);
}

void
reserve_init(struct reserve *r, const char *dir, int64_t bytes)
{
	r->wanted_bytes = bytes;
	if (bytes == 0)
		return;
	snprintf(r->path, sizeof(r->path), "%s/reserve", dir);
	reserve_clear(dir); /* it may have had another size */
	reserve_look(r);
}

static bool
make(const char *path, int64_t size)
{
	_cleanup_close_ int fd =
	    open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && posix_fallocate(fd, 0, size) == 0)
		return true;
	if (fd >= 0)
		unlink(path);
	return false;
}

static void
set_low(struct reserve *r, bool low, const struct disk *disk)
{
	char text[96];

	if (atomic_exchange(&r->low, low) == low)
		return;
	disk_words(disk, text, sizeof(text));
	if (low)
		log_warn("disk.low", F_STR("disk", text));
	else
		log_info("disk.fine", F_STR("disk", text));
}

/* The disk it is on. */
static int
look_at(const struct reserve *r, struct disk *out)
{
	_cleanup_free_ char *dir = str_dup(r->path);

	*out = (struct disk){ 0 };
	*strrchr(dir, '/') = '\0';
	return disk_look(dir, out, NULL);
}

void
reserve_look(struct reserve *r)
{
	struct disk disk;

	if (r->path[0] == '\0' || look_at(r, &disk) < 0)
		return;
	const struct reserve_seen seen = { disk.total_bytes, disk.free_bytes, r->held, r->low };
	struct reserve_step step = reserve_decide(r->wanted_bytes, &seen);
	if (step.make) {
		r->held = make(r->path, reserve_size(r->wanted_bytes, disk.total_bytes));
		step.low = !r->held;
	}
	set_low(r, step.low, &disk);
}

bool
reserve_release(struct reserve *r)
{
	struct disk disk;

	if (r->path[0] == '\0' || !atomic_exchange(&r->held, false))
		return false;
	unlink(r->path);
	r->released++;
	look_at(r, &disk);
	set_low(r, true, &disk);
	return true;
}

bool
reserve_is_low(const struct reserve *r)
{
	return atomic_load_explicit(&r->low, memory_order_relaxed);
}
