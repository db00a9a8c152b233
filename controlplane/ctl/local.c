/*
 * local.c - what can be said of a Janus on this machine without asking it.
 */
#include "controlplane/ctl/local.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/ctl/ctl.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"
#include "runtime/diagnose/certificate.h"
#include "runtime/diagnose/engine.h"
#include "runtime/diagnose/finding.h"
#include "runtime/diagnose/host.h"
#include "runtime/engine/engine.h"

#define START "systemctl start janusd, or 'make up' in the source tree; then journalctl -u janusd"
#define DB_HEADER 100 /* of every SQLite database */

static void
judge_socket(const struct ctl *ctl, const char *runtime_dir, struct findings *f)
{
	_cleanup_free_ char *usual =
	    runtime_dir != NULL ? str_printf("%s/janusd.sock", runtime_dir) : NULL;
	const char *path = ctl->place.socket[0] != '\0' ? ctl->place.socket : usual;
	struct stat st;

	if (path == NULL || stat(path, &st) < 0)
		finding_add(f, CHECK_SOCKET, FINDING_FAILED, START, "nobody is at %s",
		    ctl->place.socket[0] != '\0' ? path : ctl->place.tried);
	else if (access(path, R_OK | W_OK) < 0)
		finding_add(f, CHECK_SOCKET, FINDING_FAILED,
		    "join its group (usermod -aG janus USER, then log in again), or run this as "
		    "root",
		    "%s is there, but not for this user (mode %04o, user %u, group %u)", path,
		    (unsigned)st.st_mode & 07777, st.st_uid, st.st_gid);
	else
		finding_add(f, CHECK_SOCKET, FINDING_FAILED, START,
		    "%s is there, but nobody answers: whoever made it has ended, or hangs", path);
}

/* Whose name is that? -1 if none of them is seen. */
static int
find_process(const char *name)
{
	DIR *proc = opendir("/proc");
	int found = -1;

	if (proc == NULL)
		return -1;
	for (const struct dirent *e; found < 0 && (e = readdir(proc)) != NULL;) {
		_cleanup_free_ char *path = str_printf("/proc/%s/comm", e->d_name), *comm = NULL;

		if (e->d_name[0] < '1' || e->d_name[0] > '9' ||
		    file_read(path, 64, &comm, NULL, NULL) < 0)
			continue;
		comm[strcspn(comm, "\n")] = '\0';
		if (str_eq(comm, name))
			found = (int)strtol(e->d_name, NULL, 10);
	}
	closedir(proc);
	return found;
}

/* It holds a lock in the state directory for as long as it lives. True if it does. */
static bool
judge_process(const char *state_dir, struct findings *f)
{
	_cleanup_free_ char *path = str_printf("%s/lock", state_dir);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	const int pid = find_process("janusd");

	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		finding_add(f, CHECK_PROCESS, FINDING_FAILED,
		    "see what it does (journalctl -u janusd, kill -USR2 PID), then: systemctl "
		    "restart "
		    "janusd",
		    "a janusd (pid %d) has %s, but does not answer", pid, state_dir);
		return true;
	}
	if (pid > 0)
		finding_add(f, CHECK_PROCESS, FINDING_FAILED,
		    "say where it is: --url, JANUS_URL or JANUS_RUNTIME_DIR",
		    "a janusd runs (pid %d), with another state directory than %s", pid, state_dir);
	else
		finding_add(f, CHECK_PROCESS, FINDING_FAILED, START, "no janusd runs");
	return false;
}

static void
judge_database(const char *state_dir, struct findings *f)
{
	static const char restore[] =
	    "start janusd once: it says which command restores the newest backup (janusd --restore "
	    "FILE); backups are in backups/ of the state directory";
	_cleanup_free_ char *path = str_printf("%s/janus.db", state_dir);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char head[DB_HEADER];
	char size[32];
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		finding_add(
		    f, CHECK_DATABASE, FINDING_FINE, NULL, "%s is made at the first start", path);
		return;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		finding_add(f, CHECK_DATABASE, FINDING_WARNING,
		    "run this as the daemon's user, or as root", "%s cannot be read: %s", path,
		    strerror(errno));
		return;
	}
	const ssize_t n = pread(fd, head, sizeof(head), 0);
	if (n != (ssize_t)sizeof(head) || memcmp(head, "SQLite format 3", 16) != 0)
		finding_add(f, CHECK_DATABASE, FINDING_FAILED, restore,
		    "%s is no database (%lld bytes)", path, (long long)st.st_size);
	else
		finding_add(f, CHECK_DATABASE, FINDING_FINE, NULL, "%s, schema %u",
		    str_format_size(st.st_size, size, sizeof(size)),
		    (unsigned)head[60] << 24 | (unsigned)head[61] << 16 | (unsigned)head[62] << 8 |
			head[63]);
}

/* Could it be listened on? */
static void
judge_port(const char *host, const char *port, bool running, struct findings *f)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	const bool six = host != NULL && inet_pton(AF_INET6, host, &v6.sin6_addr) == 1;
	const int yes = 1;
	int64_t number = 0;
	_cleanup_close_ int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || port == NULL || str_parse_int(port, 1, 65535, &number, NULL) < 0 ||
	    (!six && (host == NULL || inet_pton(AF_INET, host, &v4.sin_addr) != 1)))
		return;
	v4.sin_port = v6.sin6_port = htons((uint16_t)number);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)); /* closed ones are no matter */
	if ((six ? bind(fd, (const struct sockaddr *)&v6, sizeof(v6))
		 : bind(fd, (const struct sockaddr *)&v4, sizeof(v4))) == 0 &&
	    listen(fd, 1) == 0)
		finding_add(f, CHECK_PORT, FINDING_FINE, NULL, "%s:%s is free", host, port);
	else if (running && errno == EADDRINUSE)
		finding_add(f, CHECK_PORT, FINDING_FINE, NULL, "%s:%s is taken, as by a janusd",
		    host, port);
	else
		finding_add(f, CHECK_PORT, FINDING_FAILED,
		    "see who has it (ss -ltnp), end that, or set another port (port, JANUS_PORT)",
		    "%s:%s cannot be listened on: %s", host, port, strerror(errno));
}

/* Its clock less ours, CLOCK_NO_ENGINE if it does not say. */
static int64_t
judge_engine(const char *socket, struct findings *f)
{
	const struct engine_config config = { .socket = socket,
		.node = "none",
		.runtime_dir = "/nonexistent",
		.link_image = "janus/link",
		.seccomp = "{}" };
	struct engine *engine = docker_engine_new(&config);
	struct engine_info info = { 0 };
	struct error err = { 0 };
	const int rc = engine->driver->info(engine, &info, &err);

	engine->driver->free(engine);
	engine_judge(&info, rc < 0 ? err.text : NULL, f);
	if (rc == 0 && info.root[0] != '\0' && access(info.root, F_OK) == 0)
		host_judge_disk(CHECK_ENGINE_DISK, info.root, f);
	return rc == 0 && info.tells_time ? info.ahead_ms : CLOCK_NO_ENGINE;
}

static void
judge_certificate(const struct local_config *c, struct findings *f)
{
	_cleanup_free_ char *certificate = local_setting(c, "tls.certificate"),
			    *key = local_setting(c, "tls.key_file");

	if (certificate != NULL && key != NULL)
		certificate_judge(certificate, key, clock_wall_ms(), f);
}

/* Of the machine; the limits of this process are not the daemon's. */
static void
judge_host(int64_t engine_ahead_ms, struct findings *f)
{
	const struct clock_pair now = clock_pair_now();
	struct host host;

	host_look("", &host);
	host.fds = host.fds_max = host.pids = host.pids_max = -1;
	host_judge_clock(&host, NULL, &now, engine_ahead_ms, f);
	host_judge(&host, f);
}

static void
judge_state(const char *state_dir, struct findings *f)
{
	struct stat st;

	if (stat(state_dir, &st) < 0 && errno == ENOENT) {
		finding_add(f, CHECK_STATE_DIR, FINDING_FINE, NULL, "%s is made at the first start",
		    state_dir);
		return;
	}
	host_judge_directory(state_dir, f);
	host_judge_disk(CHECK_DISK, state_dir, f);
	judge_database(state_dir, f);
}

static int
judge_config(struct local_config *c, struct findings *f)
{
	struct error err = { 0 };

	if (local_config_read(c, NULL, &err) == 0) {
		finding_add(f, CHECK_PROGRAM, FINDING_FINE, NULL, "%s", c->program);
		finding_add(f, CHECK_CONFIG, FINDING_FINE, NULL,
		    "its settings would be taken (janusd -T prints them)");
		return 0;
	}
	finding_add(f, CHECK_PROGRAM, c->program != NULL ? FINDING_FINE : FINDING_FAILED,
	    "apt install janus, or 'make' in the source tree", "%s",
	    c->program != NULL ? c->program : err.text);
	if (c->program != NULL)
		finding_add(f, CHECK_CONFIG, FINDING_FAILED,
		    "correct what it names, and try with: janusd -T", "%s", err.text);
	return -1;
}

void
local_diagnose(struct ctl *ctl, struct findings *f)
{
	_cleanup_(local_config_done) struct local_config c = { 0 };
	const int known = judge_config(&c, f);
	_cleanup_free_ char *state_dir = local_setting(&c, "state_dir"),
			    *runtime_dir = local_setting(&c, "runtime_dir"),
			    *host = local_setting(&c, "host"), *port = local_setting(&c, "port"),
			    *engine = local_setting(&c, "engine.socket");
	bool running = false;

	judge_socket(ctl, runtime_dir, f);
	if (known == 0 && state_dir != NULL) {
		running = judge_process(state_dir, f);
		judge_state(state_dir, f);
		judge_port(host, port, running, f);
		judge_certificate(&c, f);
	}
	judge_host(judge_engine(engine, f), f);
}
