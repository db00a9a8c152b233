/*
 * host_judge.c - what a process has of its machine: is it enough?
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/base/disk.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/diagnose/finding.h"
#include "runtime/diagnose/host.h"

#define DESCRIPTORS_MIN 4096 /* a chat takes two, and there may be a thousand at once */
#define WATCHERS_MIN 64
#define PORTS_MIN 4096
#define NEAR_PERCENT 80
#define OVER_PERCENT 95
#define MEMORY_LOW_PERCENT 5
#define DISK_MIN_PERCENT 5
#define JUMP_MS 2000 /* what an NTP daemon slews is less in a day */
#define APART_MS 2000
#define FAR_APART_MS 30000

/* How near to its limit: fine where either is not known. */
static enum finding_level
near_limit(int64_t used, int64_t max)
{
	if (used < 0 || max <= 0)
		return FINDING_FINE;
	return used >= max / 100.0 * OVER_PERCENT ? FINDING_FAILED
	    : used >= max / 100.0 * NEAR_PERCENT  ? FINDING_WARNING
						  : FINDING_FINE;
}

static enum finding_level
worse(enum finding_level a, enum finding_level b)
{
	return a > b ? a : b;
}

static void
add_of(char *out, size_t cap, int64_t used, int64_t max, const char *what)
{
	const size_t at = strlen(out);
	char limit[32] = "any number";

	if (used < 0)
		return;
	if (max > 0)
		snprintf(limit, sizeof(limit), "%lld", (long long)max);
	snprintf(out + at, cap - at, "%s%lld of %s %s", at > 0 ? ", " : "", (long long)used, limit,
	    what);
}

static void
judge_descriptors(const struct host *h, struct findings *f)
{
	enum finding_level level =
	    worse(near_limit(h->fds, h->fds_max), near_limit(h->files, h->files_max));
	char text[200] = "";

	if (h->fds_max >= 0 && h->fds_max < DESCRIPTORS_MIN)
		level = worse(level, FINDING_WARNING);
	add_of(text, sizeof(text), h->fds, h->fds_max, "open in this process");
	add_of(text, sizeof(text), h->files, h->files_max, "on this machine");
	finding_add(f, CHECK_DESCRIPTORS, level,
	    "raise LimitNOFILE= of the unit (ulimit -Hn without one) to 65536, or the machine's: "
	    "sysctl -w fs.file-max=1000000",
	    "%s", text);
}

static void
judge_processes(const struct host *h, struct findings *f)
{
	char text[200] = "";

	add_of(text, sizeof(text), h->pids, h->pids_max, "in this control group");
	add_of(text, sizeof(text), h->tasks, h->tasks_max, "on this machine");
	finding_add(f, CHECK_PROCESSES,
	    worse(near_limit(h->pids, h->pids_max), near_limit(h->tasks, h->tasks_max)),
	    "raise TasksMax= of the unit, or the machine's: sysctl -w kernel.pid_max=4194304 "
	    "kernel.threads-max=1000000",
	    "%s", text);
}

static void
judge_memory(const struct host *h, struct findings *f)
{
	char all[32], left[32];

	if (h->memory_bytes <= 0 || h->memory_free_bytes < 0)
		return;
	finding_add(f, CHECK_MEMORY,
	    h->memory_free_bytes < h->memory_bytes / 100 * MEMORY_LOW_PERCENT ? FINDING_WARNING
									      : FINDING_FINE,
	    "stop a competitor that is not needed (janusctl top, janusctl stop competitor NAME), "
	    "or set policy.memory_budget below what the machine has",
	    "%s of %s to be had", str_format_size(h->memory_free_bytes, left, sizeof(left)),
	    str_format_size(h->memory_bytes, all, sizeof(all)));
}

static void
judge_watchers(const struct host *h, struct findings *f)
{
	finding_add(f, CHECK_INOTIFY,
	    !h->can_watch                                                ? FINDING_FAILED
		: h->watchers_max >= 0 && h->watchers_max < WATCHERS_MIN ? FINDING_WARNING
									 : FINDING_FINE,
	    "sysctl -w fs.inotify.max_user_instances=512", "%s; %lld instances a user",
	    h->can_watch ? "to be had" : "no more of them: pods cannot be started",
	    (long long)h->watchers_max);
}

static void
judge_connections(const struct host *h, struct findings *f)
{
	enum finding_level level = near_limit(h->conntrack, h->conntrack_max);
	char text[200] = "";

	if (h->ports >= 0 && h->ports < PORTS_MIN)
		level = worse(level, FINDING_WARNING);
	add_of(text, sizeof(text), h->conntrack, h->conntrack_max, "tracked connections");
	if (h->ports >= 0)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%lld local ports",
		    text[0] != '\0' ? ", " : "", (long long)h->ports);
	if (text[0] != '\0')
		finding_add(f, CHECK_CONNECTIONS, level,
		    "sysctl -w net.netfilter.nf_conntrack_max=262144 "
		    "net.ipv4.ip_local_port_range='32768 60999'",
		    "%s", text);
}

void
host_judge(const struct host *h, struct findings *f)
{
	judge_descriptors(h, f);
	judge_processes(h, f);
	judge_memory(h, f);
	judge_watchers(h, f);
	judge_connections(h, f);
}

/* "3 s behind" */
static const char *
apart(int64_t ms, char *out, size_t cap)
{
	char span[32];

	snprintf(out, cap, "%s %s", str_format_duration(llabs(ms), span, sizeof(span)),
	    ms < 0 ? "behind" : "ahead");
	return out;
}

void
host_judge_clock(const struct host *h, const struct clock_pair *since, const struct clock_pair *now,
    int64_t engine_ahead_ms, struct findings *f)
{
	const int64_t jump_ms =
	    since != NULL ? now->wall_ms - since->wall_ms - (now->boot_ms - since->boot_ms) : 0;
	const bool engine = engine_ahead_ms != CLOCK_NO_ENGINE;
	const int64_t off_ms = engine ? llabs(engine_ahead_ms) : 0;
	enum finding_level level = FINDING_FINE;
	const char *fix = "timedatectl set-ntp true (or run chrony), and see that timedatectl says "
			  "'System clock synchronized: yes'";
	char text[300], words[48];

	snprintf(text, sizeof(text), "%s",
	    h->clock_synchronised == 1       ? "kept by NTP"
		: h->clock_synchronised == 0 ? "not kept by NTP"
					     : "not known who keeps it");
	if (h->clock_synchronised == 0 || llabs(jump_ms) >= JUMP_MS || off_ms >= APART_MS)
		level = FINDING_WARNING;
	if (llabs(jump_ms) >= JUMP_MS)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "; it was set since the daemon started: it is now %s of where it would be",
		    apart(jump_ms, words, sizeof(words)));
	if (off_ms >= APART_MS) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "; the engine's clock is %s", apart(engine_ahead_ms, words, sizeof(words)));
		level = off_ms >= FAR_APART_MS ? FINDING_FAILED : level;
	} else if (engine) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "; the engine's clock is the same");
	}
	finding_add(f, CHECK_CLOCK, level, fix, "%s", text);
}

void
host_judge_disk(enum check check, const char *path, struct findings *f)
{
	struct error err = { 0 };
	struct statvfs fs;
	struct disk disk;
	char text[96];

	if (disk_look(path, &disk, &err) < 0 || statvfs(path, &fs) < 0) {
		finding_add(f, check, FINDING_FAILED, "check the directory's owner and its mount",
		    "%s cannot be looked at: %s", path, err.text);
		return;
	}
	if ((fs.f_flag & ST_RDONLY) != 0) {
		finding_add(f, check, FINDING_FAILED,
		    "see why (dmesg), mend the disk, then: mount -o remount,rw MOUNTPOINT",
		    "%s is mounted read-only", path);
		return;
	}
	const bool few = fs.f_files > 0 && fs.f_favail < fs.f_files / 100;
	finding_add(f, check,
	    few || disk_free_percent(&disk) < DISK_MIN_PERCENT ? FINDING_FAILED : FINDING_FINE,
	    "free space: docker image prune, remove old backups and captures (capture.max_total, "
	    "artifact.total_bytes say how much is kept), or enlarge the disk",
	    "%s%s, %s", disk_words(&disk, text, sizeof(text)), few ? ", but hardly a file" : "",
	    path);
}

void
host_judge_directory(const char *dir, struct findings *f)
{
	struct stat st;

	if (stat(dir, &st) < 0 || access(dir, R_OK | W_OK | X_OK) < 0)
		finding_add(f, CHECK_STATE_DIR, FINDING_FAILED,
		    "give it to the daemon's user: chown -R janus:janus DIRECTORY; or run this as "
		    "that user",
		    "%s cannot be used: %s", dir, strerror(errno));
	else if ((st.st_mode & S_IRWXO) != 0)
		finding_add(f, CHECK_STATE_DIR, FINDING_WARNING, "chmod o-rwx DIRECTORY",
		    "%s is open to everybody (mode %04o)", dir, (unsigned)st.st_mode & 07777);
	else
		finding_add(f, CHECK_STATE_DIR, FINDING_FINE, NULL, "%s", dir);
}
