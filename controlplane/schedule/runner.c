/*
 * runner.c - the process that carries a run out: janus-bench, started here, watched by its pidfd.
 *
 * First its key is stored and in force, then a worker thread writes the key's file and starts the
 * process, which then takes its lease like any worker from elsewhere.  A process that outlives us goes
 * on by that lease.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "controlplane/registry/keys.h"
#include "controlplane/schedule/scheduler_core.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/id.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define NICENESS 10
#define LOG_MAX_BYTES (1 << 20)
#define ASK_MS 10000 /* for it to learn by its heartbeat that it is over */
#define ARGUMENTS_MAX 65536
#define END_MS 15000 /* from being asked to end until being made to */
#define LEASE_WAIT_MS 30000 /* for a process that was started to take its run */

struct runner {
	struct runner *next; /* of the scheduler's list */
	struct scheduler *scheduler;
	struct held *held; /* NULL: its run has no use for it any more */
	char run_id[NOUN_ID_MAX], dir[512], log[512], key_file[520];
	char predecessor[96]; /* who had it before, host:pid; "" */
	char secret[KEY_TEXT_LEN + 1];
	pid_t pid; /* 0: not started */
	int pidfd; /* -1: the same */
	struct watch watch;
	struct timer timer;
	bool ending, asked; /* it is to end; it was told so by a signal */
	struct error err;
};

void
runner_free(struct runner *r)
{
	struct runner **at = &r->scheduler->runners;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	timer_cancel(&r->timer);
	if (r->pidfd >= 0) {
		loop_unwatch(&r->watch);
		close(r->pidfd);
	}
	explicit_bzero(r->secret, sizeof(r->secret));
	free(r);
}

static void
signal_all(const struct runner *r, int signo)
{
	if (r->pid > 0)
		kill(-r->pid, signo); /* its group: what it started goes with it */
}

/* ---- its end ---- */

/* It is gone, or never came to be: if it has the run, or was to take it, the run waits again. */
static void
over(struct runner *r, const char *why)
{
	struct scheduler *s = r->scheduler;
	struct held *h = r->held;

	if (h != NULL)
		h->runner = NULL;
	if (h != NULL && !s->stopping) {
		const struct queue q = scheduler_queue(s);

		if (queue_lost(&q, &h->q, why, clock_now_ms(), clock_wall_ms()))
			held_changed(s, h, NULL, NULL, NULL);
	}
	runner_free(r);
	scheduler_evaluate(s);
}

static void
on_exit_seen(struct watch *w, uint32_t events, void *arg)
{
	struct runner *r = arg;
	char why[80];
	siginfo_t info = { 0 };

	(void)w;
	(void)events;
	if (waitid(P_PID, (id_t)r->pid, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
		return;
	snprintf(why, sizeof(why), "its worker ended by %s %d",
	    info.si_code == CLD_EXITED ? "exit" : "signal", info.si_status);
	log_info("worker.exited", F_STR("run_id", r->run_id), F_INT("worker_pid", r->pid),
	    F_STR("how", why));
	signal_all(r, SIGKILL); /* whatever it left */
	over(r, why);
}

static void
on_late(struct timer *t, void *arg)
{
	struct runner *r = arg;

	(void)t;
	if (r->ending && !r->asked) {
		r->asked = true;
		signal_all(r, SIGTERM);
		timer_set(r->scheduler->c.loop, &r->timer, END_MS, on_late, r);
	} else if (r->ending || (r->held != NULL && r->held->q.starting)) {
		signal_all(r, SIGKILL); /* its end is seen then */
	}
}

static void
let_go(struct runner *r)
{
	if (r->held != NULL)
		r->held->runner = NULL;
	r->held = NULL;
}

void
runner_kill(struct held *h)
{
	struct runner *r = h->runner;

	if (r == NULL)
		return;
	r->ending = r->asked = true;
	signal_all(r, SIGKILL);
	let_go(r);
}

void
runner_end(struct held *h)
{
	struct runner *r = h->runner;

	if (r == NULL)
		return;
	if (!r->ending) {
		r->ending = true;
		timer_set(r->scheduler->c.loop, &r->timer, ASK_MS, on_late, r);
	}
	if (h->q.row.state != RUN_RUNNING)
		let_go(r);
}

void
runners_stop(struct scheduler *s)
{
	for (struct runner *r = s->runners; r != NULL; r = r->next) {
		r->ending = r->asked = true;
		signal_all(r, SIGTERM);
		let_go(r);
	}
}

/* ---- its beginning ---- */

static bool
is_set(char *const *env, size_t n, const char *variable)
{
	const size_t len = strcspn(variable, "=") + 1;

	for (size_t i = 0; i < n; i++)
		if (strncmp(env[i], variable, len) == 0)
			return true;
	return false;
}

/* Secrets of others that a worker has no use for, wherever janusd was given them. */
static bool
is_kept_back(const char *variable)
{
	static const char *const names[] = { "OTEL_EXPORTER_OTLP_HEADERS=",
		"OTEL_EXPORTER_OTLP_TRACES_HEADERS=", "OTEL_EXPORTER_OTLP_METRICS_HEADERS=",
		"OPENAI_API_KEY=", "CHUTES_API_KEY=", "JANUS_PROVIDER_API_KEY=",
		"JANUS_SEARCH_API_KEY=" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_starts(variable, names[i]))
			return true;
	return false;
}

/* Ours, where suites are, and our state: the sandboxes' key.  NULL-ended, the caller's with its first
 * `n` texts. */
static char **
environment(const struct scheduler_config *c, size_t *n)
{
	size_t len = 0;
	char **env;

	while (environ[len] != NULL)
		len++;
	env = mem_zalloc((len + 4) * sizeof(*env));
	env[(*n)++] = str_printf("JANUS_BENCH_SUITES=%s", c->suites_dir);
	env[(*n)++] = str_printf("JANUS_STATE_DIR=%s", c->state_dir);
	if (c->private_dir != NULL)
		env[(*n)++] = str_printf("JANUS_BENCH_PRIVATE_DIR=%s", c->private_dir);
	for (size_t i = 0, to = *n; i < len; i++)
		if (!is_set(env, *n, environ[i]) && !is_kept_back(environ[i]))
			env[to++] = environ[i];
	return env;
}

static int
spawn_with(struct runner *r, posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes)
{
	const struct scheduler_config *c = &r->scheduler->c;
	const char *const argv[] = { c->program, "work", "--socket", c->socket, "--run", r->run_id,
		"--state", r->dir, "--key-file", r->key_file, NULL };
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setflags(
	    attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(attributes, 0);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(files, 1, r->log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	posix_spawn_file_actions_adddup2(files, 1, 2);
	posix_spawn_file_actions_addclosefrom_np(files, 3);
	size_t n = 0;
	_cleanup_free_ char **env = environment(c, &n);
	const int rc = posix_spawn(
	    &r->pid, c->program, files, attributes, (char *const *)(uintptr_t)argv, env);

	while (n > 0)
		free(env[--n]);
	return rc;
}

static int
spawn_worker(struct runner *r, struct error *err)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;

	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	const int rc = spawn_with(r, &files, &attributes);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	if (rc != 0) {
		r->pid = 0;
		errno = rc;
		return error_errno(err, "%s", r->scheduler->c.program);
	}
	setpriority(PRIO_PROCESS, (id_t)r->pid, NICENESS);
	r->pidfd = (int)syscall(SYS_pidfd_open, r->pid, 0);
	return r->pidfd >= 0 ? 0 : error_errno(err, "pidfd_open");
}

/* An earlier worker of this run on this machine that sleeps has lost its lease, and still has the
 * evidence open.  It is known by its arguments: its number may be another process's by now. */
static void
end_predecessor(const struct runner *r)
{
	const char *colon = strrchr(r->predecessor, ':');
	_cleanup_free_ char *path = NULL, *line = NULL;
	char host[64] = "";
	int64_t pid;
	size_t len = 0;

	if (colon == NULL || str_parse_int(colon + 1, 2, INT32_MAX, &pid, NULL) < 0 ||
	    gethostname(host, sizeof(host) - 1) < 0 || !str_starts(r->predecessor, host) ||
	    strlen(host) != (size_t)(colon - r->predecessor))
		return;
	path = str_printf("/proc/%lld/cmdline", (long long)pid);
	if (file_read(path, ARGUMENTS_MAX, &line, &len, NULL) == 0 &&
	    memmem(line, len, r->run_id, strlen(r->run_id)) != NULL)
		kill((pid_t)pid, SIGKILL);
}

static void
start_work(void *arg)
{
	struct runner *r = arg;

	r->err.kind = ERROR_NONE;
	end_predecessor(r);
	if (file_mkdirs(r->dir, 0700, &r->err) < 0 ||
	    (r->secret[0] != '\0' &&
		file_write(r->key_file, r->secret, strlen(r->secret), 0600, &r->err) < 0))
		return;
	spawn_worker(r, &r->err);
}

static void
start_done(void *arg)
{
	struct runner *r = arg;
	struct scheduler *s = r->scheduler;

	explicit_bzero(r->secret, sizeof(r->secret));
	/* What loop_watch says does not undo that it was started: it is ended then. */
	if (r->err.kind != ERROR_NONE ||
	    loop_watch(s->c.loop, &r->watch, r->pidfd, EPOLLIN, on_exit_seen, r, &r->err) < 0) {
		log_error(
		    "worker.not_started", F_STR("run_id", r->run_id), F_STR("error", r->err.text));
		signal_all(r, SIGKILL);
		over(r, r->err.text);
		return;
	}
	log_info("worker.started", F_STR("run_id", r->run_id), F_INT("worker_pid", r->pid));
	timer_set(s->c.loop, &r->timer, LEASE_WAIT_MS, on_late, r);
	if (r->held == NULL || s->stopping) { /* cancelled meanwhile */
		unlink(r->key_file);
		r->ending = true;
		on_late(&r->timer, r);
	}
}

static void
begin(struct runner *r)
{
	worker_run(r->scheduler->c.workers, r->scheduler->c.loop, start_work, start_done, r);
}

/* ---- its key ---- */

static void
key_stored(const struct error *err, void *arg)
{
	struct runner *r = arg;
	struct scheduler *s = r->scheduler;

	if (err != NULL || r->held == NULL) {
		over(r, err != NULL ? err->text : "");
		return;
	}
	s->c.on_keys(key_ring_snapshot(s->c.keys), s->c.arg);
	begin(r);
}

/* The one that an earlier worker of this run had is good for the next one too. */
static bool
has_key(const struct runner *r)
{
	const struct run *row = &r->held->q.row;
	const struct held_key *k =
	    row->key_id[0] != '\0' ? key_ring_id(r->scheduler->c.keys, row->key_id) : NULL;

	return k != NULL && k->row.revoked_at_ms == 0 && access(r->key_file, R_OK) == 0;
}

static void
make_key(struct runner *r)
{
	struct scheduler *s = r->scheduler;
	struct run *row = &r->held->q.row;
	struct store_batch *b = store_batch_new();
	struct key k = { .kind = KEY_SECRET, .scopes = SCOPE(BENCH) | SCOPE(READ) };

	runner_forget_key(s, r->held, b);
	id_new("key", k.id);
	snprintf(k.name, sizeof(k.name), "bench-%s", row->id + strlen(row->id) - 20);
	key_text_new(k.kind, r->secret);
	key_set_secret(&k, r->secret);
	k.created_at_ms = k.updated_at_ms = clock_wall_ms();
	str_copy(row->key_id, sizeof(row->key_id), k.id);
	key_ring_add(s->c.keys, &k);
	store_put_key(b, &k);
	store_put_run(b, row);
	store_commit(s->c.store, b, key_stored, r);
}

void
runner_forget_key(struct scheduler *s, struct held *h, struct store_batch *b)
{
	struct run *row = &h->q.row;
	struct held_key *k = row->key_id[0] != '\0' ? key_ring_id(s->c.keys, row->key_id) : NULL;
	_cleanup_free_ char *path = str_printf("%s/runs/%s.key", s->c.state_dir, row->id);

	row->key_id[0] = '\0';
	if (k == NULL || k->row.revoked_at_ms != 0)
		return;
	k->row.revoked_at_ms = k->row.updated_at_ms = clock_wall_ms();
	k->meter->revoked = true;
	store_put_key(b, &k->row);
	s->c.on_keys(key_ring_snapshot(s->c.keys), s->c.arg);
	unlink(path);
}

void
runner_start(struct scheduler *s, struct held *h)
{
	struct runner *r = mem_zalloc(sizeof(*r));

	r->scheduler = s;
	r->held = h;
	r->pidfd = -1;
	r->next = s->runners;
	s->runners = r;
	str_copy(r->run_id, sizeof(r->run_id), h->q.row.id);
	str_copy(r->predecessor, sizeof(r->predecessor), h->q.row.worker);
	scheduler_dir(s, &h->q.row, r->dir);
	scheduler_log(s, &h->q.row, r->log);
	snprintf(r->key_file, sizeof(r->key_file), "%s/runs/%s.key", s->c.state_dir, h->q.row.id);
	h->runner = r;
	h->q.starting = true;
	s->c.on_run(&h->q.row, s->c.arg);
	if (has_key(r))
		begin(r);
	else
		make_key(r);
}

void
runner_bound_log(const struct scheduler *s, const struct held *h)
{
	static const char note[] = "(the earlier messages were dropped: there were too many)\n";
	char path[512];
	struct stat st;

	if (stat(scheduler_log(s, &h->q.row, path), &st) < 0 || st.st_size <= LOG_MAX_BYTES)
		return;
	const int fd = open(path, O_WRONLY | O_TRUNC | O_APPEND | O_CLOEXEC);
	if (fd < 0)
		return;
	if (file_write_all(fd, note, sizeof(note) - 1) < 0)
		log_debug("worker.log", F_STR("run_id", h->q.row.id));
	close(fd);
}
