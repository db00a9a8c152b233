/*
 * config.c - the settings table, and layers of values over it.
 */
#include "controlplane/config.h"

#include <confuse.h>
#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "controlplane/gateway/cors.h"
#include "controlplane/gateway/forwarded.h"
#include "controlplane/gateway/origin.h"
#include "controlplane/supervise/policy.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/cli/setting.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/net/url.h"

#define KEPT_MIN_MS (INT64_C(32) * 86400000)
#define FILE_MAX_BYTES (4 << 20)
#define INCLUDES_MAX 8

struct setting {
	const char *name; /* section.key, or key */
	const char *preset;
	size_t at; /* in struct config */
	setting_fn *parse;
	const char *env; /* another name besides JANUS_SECTION_KEY, or NULL */
	const char *help;
};

static int
parse_origins(const char *text, void *out, struct error *err)
{
	struct cors *cors = cors_new(text, false, err);

	if (cors == NULL)
		return -1;
	cors_free(cors);
	return setting_string(text, out, err);
}

static int
parse_hosts(const char *text, void *out, struct error *err)
{
	if (!public_hosts_valid(text))
		return error_set(err, ERROR_INVALID,
		    "'%.80s' is no list of names without ports, as janus.example, or *", text);
	return setting_string(text, out, err);
}

static int
parse_proxies(const char *text, void *out, struct error *err)
{
	struct proxies *proxies = proxies_new(text, err);

	if (proxies == NULL)
		return -1;
	proxies_free(proxies);
	return setting_string(text, out, err);
}

static int
parse_levels(const char *text, void *out, struct error *err)
{
	if (!log_levels_valid(text))
		return error_set(err, ERROR_INVALID, "'%.80s' is not a list of levels", text);
	return setting_string(text, out, err);
}

static int
parse_percent(const char *text, void *out, struct error *err)
{
	return str_parse_int(text, 0, 100, out, err);
}

/* A port, or 0 for none. */
static int
parse_other_port(const char *text, void *out, struct error *err)
{
	return str_parse_int(text, 0, 65535, out, err);
}

static int
parse_second(const char *text, void *out, struct error *err)
{
	static const char *const words[] = { "never", "asked", "always" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(text, words[i]) == 0) {
			*(int64_t *)out = (int64_t)i;
			return 0;
		}
	return error_set(err, ERROR_INVALID, "'%.40s' is not never, asked or always", text);
}

/* A base URL, or nothing. */
static int
parse_url(const char *text, void *out, struct error *err)
{
	struct url url;

	if (text[0] != '\0' && url_parse(text, &url, err) < 0)
		return -1;
	str_replace(out, text);
	return 0;
}

static int
parse_activation(const char *text, void *out, struct error *err)
{
	return activation_parse(text, out, err);
}

static int
parse_budget(const char *text, void *out, struct error *err)
{
	return str_parse_size(text, out, err);
}

/* "0.01": a part of all, kept as millionths. */
static int
parse_share(const char *text, void *out, struct error *err)
{
	char *end;
	const double n = strtod(text, &end);

	if (end == text || *end != '\0' || !(n >= 0 && n <= 1))
		return error_set(err, ERROR_INVALID, "'%.40s' is not a share from 0 to 1", text);
	*(int64_t *)out = (int64_t)(n * 1e6 + 0.5);
	return 0;
}

/* "public/dev" */
static int
parse_suite(const char *text, void *out, struct error *err)
{
	const char *slash = strchr(text, '/');
	_cleanup_free_ char *group = slash != NULL ? str_ndup(text, (size_t)(slash - text)) : NULL;

	if (group == NULL || !str_slug_valid(group) || !str_slug_valid(slash + 1))
		return error_set(
		    err, ERROR_INVALID, "'%.40s' is no name of a suite, as public/dev", text);
	return setting_string(text, out, err);
}

/* Shorter ones would be lost while all is well. */
static int
parse_lease(const char *text, void *out, struct error *err)
{
	if (setting_duration(text, out, err) < 0)
		return -1;
	return *(int64_t *)out >= 1000
	    ? 0
	    : error_set(err, ERROR_INVALID, "'%.40s' is less than a second", text);
}

/* "1.5": points of a score, kept as thousandths. */
static int
parse_points(const char *text, void *out, struct error *err)
{
	char *end;
	const double n = strtod(text, &end);

	if (end == text || text[strspn(text, "0123456789.")] != '\0' || *end != '\0' || n > 100)
		return error_set(err, ERROR_INVALID, "'%.40s' is not a number from 0 to 100", text);
	*(int64_t *)out = (int64_t)(n * 1000 + 0.5);
	return 0;
}

/* Budgets of a month are added up from what is kept. */
static int
parse_kept(const char *text, void *out, struct error *err)
{
	int64_t ms;

	if (str_eq(text, "0") || str_eq(text, "0s")) {
		*(int64_t *)out = 0;
		return 0;
	}
	if (setting_duration(text, &ms, err) < 0)
		return -1;
	if (ms < KEPT_MIN_MS)
		return error_set(err, ERROR_INVALID, "'%.40s' is less than 32 days", text);
	*(int64_t *)out = ms;
	return 0;
}

#define AT(field) offsetof(struct config, field)
static const struct setting settings[] = {
	{ "host", "127.0.0.1", AT(host), setting_string, NULL, "numeric address to serve on" },
	{ "port", "8000", AT(port), setting_port, NULL, "port to serve on" },
	{ "ui.port", "0", AT(ui_port), parse_other_port, NULL,
	    "a second port with the same pages and API; 0: none" },
	{ "public_hosts", "", AT(public_hosts), parse_hosts, NULL,
	    "names this server answers for beside loopback and host, as janus.example; * for any" },
	{ "trusted_proxies", "", AT(trusted_proxies), parse_proxies, NULL,
	    "reverse proxies whose x-forwarded-for is believed, as 127.0.0.1 10.0.0.0/8" },
	{ "tls.certificate", "", AT(tls_certificate), setting_string, NULL,
	    "file with the certificate and its chain (PEM): then all ports speak TLS" },
	{ "tls.key_file", "", AT(tls_key_file), setting_string, NULL, "file with its private key" },
	{ "state_dir", "", AT(state_dir), setting_string, "STATE_DIRECTORY",
	    "where the database and logs live" },
	{ "runtime_dir", "", AT(runtime_dir), setting_string, "RUNTIME_DIRECTORY",
	    "where sockets live" },
	{ "log.level", "info", AT(log_level), parse_levels, "JANUS_LOG",
	    "debug, info, warn or error" },
	{ "auth.anonymous", "", AT(anonymous), setting_bool, NULL,
	    "may callers without a key chat and read? default: only while we listen on loopback "
	    "alone" },
	{ "cors.origins", "", AT(cors_origins), parse_origins, NULL,
	    "origins whose pages may call, as https://a.example https://b.example; * for all" },
	{ "cors.credentials", "false", AT(cors_credentials), setting_bool, NULL,
	    "may they send cookies and the like?" },
	{ "engine.socket", "", AT(engine_socket), setting_string, NULL,
	    "container engine socket; empty: find one" },
	{ "engine.link_image", "janus/link:latest", AT(link_image), setting_string, NULL,
	    "image of a pod's first container" },
	{ "sandy.url", "", AT(sandy_url), parse_url, NULL,
	    "base of a Sandy service that may run competitors; empty: none does" },
	{ "sandy.key_file", "", AT(sandy_key_file), setting_string, NULL,
	    "file with its key; empty: none is sent" },
	{ "sandy.upstream", "", AT(sandy_upstream), setting_string, NULL,
	    "pool of its workers to ask for" },
	{ "sandy.competitors", "never", AT(sandy_competitors), parse_second, NULL,
	    "who runs there: never, asked (whose manifest says so) or always" },
	{ "pull.stall_timeout", "120s", AT(pull_stall_ms), setting_duration, NULL,
	    "a pull without progress for so long is given up" },
	{ "pull.retry", "1s", AT(pull_retry_ms), setting_duration, NULL,
	    "wait after the first failure of a submission's step; it doubles" },
	{ "pull.min_free", "5", AT(pull_free_percent), parse_percent, NULL,
	    "percent of the engine's disk that pulls leave free; 0: none" },
	{ "pull.warn_free", "10", AT(pull_warn_percent), parse_percent, NULL,
	    "percent free below which that is told of; 0: never" },
	{ "pull.disk", "", AT(pull_disk), setting_string, NULL,
	    "a path on the engine's disk; empty: as the engine says" },
	{ "policy.memory", "4GiB", AT(memory_bytes), setting_size, NULL,
	    "memory limit of an instance" },
	{ "policy.cpus", "2", AT(milli_cpus), setting_cpus, NULL, "processors of an instance" },
	{ "policy.pids", "512", AT(pids), setting_limit, NULL,
	    "processes and threads of an instance" },
	{ "policy.nofile", "4096", AT(nofile), setting_limit, NULL,
	    "open files of a process in it" },
	{ "policy.tmpfs", "256MiB", AT(tmpfs_bytes), setting_size, NULL, "size of its /tmp" },
	{ "policy.shm", "64MiB", AT(shm_bytes), setting_size, NULL, "size of its /dev/shm" },
	{ "policy.log", "8MiB", AT(log_bytes), setting_size, NULL, "log kept of it" },
	{ "policy.image", "20GiB", AT(image_bytes), setting_size, NULL, "largest image" },
	{ "policy.start_timeout", "30s", AT(start_timeout_ms), setting_duration, NULL,
	    "time to become healthy" },
	{ "policy.activation", "always", AT(activation), parse_activation, NULL,
	    "when instances run: always, on-demand or frozen" },
	{ "policy.idle", "10m", AT(idle_ms), setting_duration, NULL,
	    "silence before one that is not always there is stopped or frozen" },
	{ "policy.memory_budget", "0", AT(memory_budget), parse_budget, NULL,
	    "memory limits of all instances together; 0: none" },
	{ "policy.uid_first", "200000", AT(uid_first), setting_limit, NULL,
	    "first user id given to instances" },
	{ "policy.uid_count", "60000", AT(uid_count), setting_limit, NULL, "how many" },
	{ "router.loops", "0", AT(loops), setting_count, NULL,
	    "gateway threads; 0: one per processor" },
	{ "router.header_hold", "1500ms", AT(header_hold_ms), setting_duration, NULL,
	    "longest hold of a stream's status" },
	{ "router.ping", "1500ms", AT(ping_ms), setting_duration, "JANUS_KEEP_ALIVE_INTERVAL",
	    "longest silence on a stream" },
	{ "router.connect_timeout", "5s", AT(connect_ms), setting_duration, NULL,
	    "to connect to a competitor" },
	{ "router.first_byte_timeout", "30s", AT(first_byte_ms), setting_duration, NULL,
	    "to its first event" },
	{ "router.gap_timeout", "30s", AT(gap_ms), setting_duration, NULL, "between its events" },
	{ "router.total_timeout", "300s", AT(total_ms), setting_duration, "JANUS_REQUEST_TIMEOUT",
	    "for a whole answer" },
	{ "router.max_request", "10MiB", AT(body_bytes), setting_size, "JANUS_MAX_REQUEST_SIZE",
	    "largest chat body" },
	{ "router.drain_timeout", "30s", AT(drain_ms), setting_duration, NULL,
	    "for open streams when stopping" },
	{ "router.handover_timeout", "15m", AT(handover_ms), setting_duration, NULL,
	    "for open streams when another janusd has taken over" },
	{ "router.concurrency", "1024", AT(concurrency), setting_count, NULL,
	    "chats at once in an instance whose manifest does not say; 0: any number" },
	{ "router.queue", "256", AT(queue_max), setting_count, NULL,
	    "chats that may wait for a competitor; 0: none" },
	{ "router.queue_wait", "60s", AT(queue_wait_ms), setting_duration, NULL,
	    "longest wait of one" },
	{ "router.breaker_failures", "5", AT(breaker_failures), setting_count, NULL,
	    "failures in a row after which a competitor is left alone; 0: never" },
	{ "router.breaker_ratio", "50", AT(breaker_percent), parse_percent, NULL,
	    "or percent of failures, of at least 20 chats in 30 s; 0: never" },
	{ "router.breaker_open", "5s", AT(breaker_open_ms), setting_duration, NULL,
	    "for how long at first" },
	{ "router.breaker_open_max", "60s", AT(breaker_open_max_ms), setting_duration, NULL,
	    "and at most" },
	{ "bench.runners", "1", AT(bench_runners), setting_limit, NULL, "benchmark runs at once" },
	{ "bench.automatic", "true", AT(bench_automatic), setting_bool, NULL,
	    "measure each version that was accepted, where there are a suite and janus-bench" },
	{ "bench.suite", "public/dev", AT(bench_suite), parse_suite, NULL,
	    "by which suite, where none is named" },
	{ "bench.suites_dir", "/usr/share/janus/suites", AT(bench_suites_dir), setting_string, NULL,
	    "where suites are" },
	{ "bench.private_dir", "", AT(bench_private_dir), setting_string, NULL,
	    "where sealed ones are; empty: nowhere" },
	{ "bench.program", "", AT(bench_program), setting_string, NULL,
	    "janus-bench; empty: the one beside janusd, or in PATH" },
	{ "bench.lease", "20s", AT(bench_lease_ms), parse_lease, NULL,
	    "a run whose worker is silent for so long is given to another" },
	{ "bench.timeout", "6h", AT(bench_timeout_ms), setting_duration, NULL,
	    "for a run, and for a competitor to be ready for one" },
	{ "lead.suite", "public/dev", AT(lead_suite), parse_suite, NULL,
	    "suite whose scores decide who is champion" },
	{ "lead.margin", "1.0", AT(lead_margin_thousandths), parse_points, NULL,
	    "points by which a challenger must be better, beside significantly" },
	{ "lead.quality", "80", AT(lead_quality_percent), parse_percent, NULL,
	    "percent of the champion's quality that janus-fast and janus-cheap need" },
	{ "lead.canary_percent", "10", AT(canary_percent), parse_percent, NULL,
	    "percent of the chats of model janus for the next champion on trial; 0: no trial" },
	{ "lead.canary_requests", "20", AT(canary_requests), setting_limit, NULL,
	    "chats after which a trial is over" },
	{ "lead.canary_time", "10m", AT(canary_ms), setting_duration, NULL,
	    "and time, if they do not come" },
	{ "lead.max_errors", "10", AT(lead_error_points), parse_percent, NULL,
	    "percent points of failed chats, above those before, that end a trial or a reign" },
	{ "lead.max_ttft", "200", AT(lead_ttft_percent), setting_limit, NULL,
	    "percent of the P95 time to the first content before it, that end them too" },
	{ "lead.away", "60s", AT(lead_away_ms), setting_duration, NULL,
	    "a champion that is not ready for so long is none" },
	{ "disk.reserve", "16MiB", AT(disk_reserve), parse_budget, NULL,
	    "room kept for when the disk of the state is full; 0: none" },
	{ "retention.usage", "400d", AT(usage_kept_ms), parse_kept, NULL,
	    "what chats used, and that they were; 0: for ever" },
	{ "retention.events", "0s", AT(events_kept_ms), parse_kept, NULL,
	    "what was decided; 0: for ever" },
	{ "capture.enabled", "false", AT(capture), setting_bool, NULL,
	    "record the streams that are asked for below, and by x-janus-capture" },
	{ "capture.content", "false", AT(capture_content), setting_bool, NULL,
	    "keep prompts and answers in it; else texts are masked" },
	{ "capture.share", "0", AT(capture_share_millionths), parse_share, NULL,
	    "of all chats, from 0 to 1" },
	{ "capture.competitors", "", AT(capture_competitors), setting_string, NULL,
	    "all chats of these, apart by commas" },
	{ "capture.callers", "", AT(capture_keys), setting_string, NULL,
	    "all chats of these keys' ids, apart by commas" },
	{ "capture.max_chat", "4MiB", AT(capture_max_bytes), setting_size, NULL,
	    "most that is kept of one chat" },
	{ "capture.max_total", "256MiB", AT(capture_total_bytes), setting_size, NULL,
	    "of all files; the oldest go" },
	{ "capture.max_count", "1000", AT(capture_count), setting_limit, NULL,
	    "files; the oldest go" },
	{ "capture.max_age", "7d", AT(capture_age_ms), setting_duration, NULL, "then they go" },
	{ "artifact.max_size", "100MiB", AT(artifact_bytes), setting_size, NULL,
	    "largest artifact of a competitor" },
	{ "artifact.competitor_bytes", "1GiB", AT(artifact_competitor_bytes), setting_size, NULL,
	    "kept of all artifacts of one competitor" },
	{ "artifact.total_bytes", "10GiB", AT(artifact_total_bytes), setting_size, NULL,
	    "kept of all artifacts and uploaded files" },
	{ "artifact.max_count", "50000", AT(artifact_count), setting_limit, NULL,
	    "how many of them" },
	{ "artifact.per_request", "64", AT(artifact_per_request), setting_limit, NULL,
	    "how many in one answer" },
	{ "artifact.ttl", "1h", AT(artifact_ttl_ms), setting_duration, NULL,
	    "how long one is kept that does not say" },
	{ "artifact.max_ttl", "30d", AT(artifact_max_ttl_ms), setting_duration, NULL,
	    "longest time one may ask for" },
	{ "artifact.fetch_timeout", "30s", AT(artifact_fetch_ms), setting_duration, NULL,
	    "longest wait of an event for the artifacts it announces" },
	{ "artifact.base_url", "", AT(artifact_base_url), parse_url, NULL,
	    "what links to artifacts begin with; empty: they are paths of this server" },
	{ "artifact.max_upload", "32MiB", AT(artifact_upload_bytes), setting_size, NULL,
	    "largest file that may be uploaded" },
	{ "artifact.owner_bytes", "1GiB", AT(artifact_owner_bytes), setting_size, NULL,
	    "kept of all uploads of one key" },
	{ "arena.vote_window", "1h", AT(arena_window_ms), setting_duration, NULL,
	    "for how long after its beginning a battle may be voted on" },
	{ "arena.votes_per_caller", "60", AT(arena_votes_per_caller), setting_count, NULL,
	    "votes of one key, or of one caller without, in an hour; 0: any number" },
	{ "arena.votes_per_address", "120", AT(arena_votes_per_client), setting_count, NULL,
	    "votes from one address in an hour; 0: any number" },
	{ "stream.max_event", "1MiB", AT(event_bytes), setting_size, NULL,
	    "largest event of a stream" },
	{ "stream.resume_bytes", "4MiB", AT(resume_bytes), setting_size, NULL,
	    "kept of a stream that may be resumed" },
	{ "stream.resume_total_bytes", "256MiB", AT(resume_total_bytes), setting_size, NULL,
	    "kept of all of them" },
	{ "stream.resume_streams", "4096", AT(resume_streams), setting_limit, NULL,
	    "how many of them at once" },
	{ "stream.resume_ttl", "15m", AT(resume_ttl_ms), setting_duration, NULL,
	    "how long one is kept after its end" },
	{ "stream.resume_idle", "5m", AT(resume_idle_ms), setting_duration, NULL,
	    "time without a reader after which one is cancelled" },
};
#define COUNT ARRAY_LEN(settings)

/* What SIGHUP changes; all others wait for a restart. */
static const char *const live_settings[] = {
	"log.level",
	"router.header_hold",
	"router.ping",
	"router.connect_timeout",
	"router.first_byte_timeout",
	"router.gap_timeout",
	"router.total_timeout",
	"router.max_request",
	"router.drain_timeout",
	"router.handover_timeout",
	"stream.max_event",
};

static bool
is_live(const struct setting *s)
{
	for (size_t i = 0; i < ARRAY_LEN(live_settings); i++)
		if (strcmp(live_settings[i], s->name) == 0)
			return true;
	return false;
}

struct values {
	char *text[COUNT], *origin[COUNT]; /* owned */
};

static void
values_done(struct values *v)
{
	for (size_t i = 0; i < COUNT; i++) {
		free(v->text[i]);
		free(v->origin[i]);
	}
}

static void
set(struct values *v, size_t i, const char *text, const char *origin)
{
	str_replace(&v->text[i], text);
	str_replace(&v->origin[i], origin);
}

static bool
is_text(const struct setting *s)
{
	return s->parse == setting_string || s->parse == parse_url || s->parse == parse_levels ||
	    s->parse == parse_origins || s->parse == parse_suite || s->parse == parse_hosts ||
	    s->parse == parse_proxies;
}

static int
check_value(const struct setting *s, const char *text, struct error *err)
{
	union {
		char *str;
		int64_t num;
		bool truth;
	} scratch = { 0 };
	const int rc = s->parse(text, &scratch, err);

	if (is_text(s))
		free(scratch.str);
	return rc < 0 ? error_add(err, "%s", s->name) : 0;
}

/* ---- files ---- */

/* libconfuse reports through a function without an argument. */
static _Thread_local struct error *report_to;
static _Thread_local const cfg_t *report_root; /* knows the file; a section does not */
static _Thread_local const cfg_opt_t *seen_sections[COUNT];

static void
report(cfg_t *cfg, const char *fmt, va_list ap)
{
	char text[200];

	vsnprintf(text, sizeof(text), fmt, ap);
	error_set(report_to, ERROR_INVALID, "%s:%d: %s", report_root->filename, cfg->line, text);
}

/* Can its scanner, which would end the program, read it? */
static int
check_file(const char *path, struct stat *st, struct error *err)
{
	if (access(path, R_OK) < 0 || stat(path, st) < 0)
		return error_errno(err, "%s", path);
	if (st->st_size > FILE_MAX_BYTES)
		return error_set(
		    err, ERROR_TOO_BIG, "%s:1: longer than %d bytes", path, FILE_MAX_BYTES);
	if (S_ISDIR(st->st_mode))
		return error_set(err, ERROR_INVALID, "%s: is a directory", path);
	return 0;
}

/* Which file is read within which, the outermost first. */
static _Thread_local struct including {
	const char *name; /* the library's; only compared */
	dev_t dev;
	ino_t ino;
} includings[INCLUDES_MAX];
static _Thread_local size_t nincludings;

static void
is_read(const char *name, const struct stat *st)
{
	includings[nincludings++] = (struct including){ name, st->st_dev, st->st_ino };
}

/* What ended since is forgotten. */
static void
find_including(const char *name)
{
	struct stat st = { 0 };
	size_t i = 0;

	while (i < nincludings && includings[i].name != name)
		i++;
	if (i < nincludings) {
		nincludings = i + 1;
		return;
	}
	nincludings = 0;
	stat(name, &st);
	is_read(name, &st);
}

/* As the library's, but a name is taken as seen from the file that it stands in, and a loop is seen. */
static int
include(cfg_t *cfg, cfg_opt_t *opt, int argc, const char **argv)
{
	const char *slash = strrchr(cfg->filename, '/');
	_cleanup_free_ char *path = NULL;
	const char *args[1];
	struct stat st;
	struct error err = { 0 };

	if (argc != 1) {
		cfg_error(cfg, "include takes the name of one file");
		return -1;
	}
	path = argv[0][0] == '/' || slash == NULL
	    ? str_dup(argv[0])
	    : str_printf("%.*s/%s", (int)(slash - cfg->filename), cfg->filename, argv[0]);
	args[0] = path;
	if (check_file(path, &st, &err) < 0) {
		cfg_error(cfg, "include: %s", err.text);
		return -1;
	}
	find_including(cfg->filename);
	for (size_t i = 0; i < nincludings; i++)
		if (includings[i].dev == st.st_dev && includings[i].ino == st.st_ino) {
			cfg_error(cfg, "include: %s includes itself", path);
			return -1;
		}
	if (nincludings == INCLUDES_MAX) {
		cfg_error(cfg, "include: more than %d files deep", INCLUDES_MAX);
		return -1;
	}
	if (cfg_include(cfg, opt, 1, args) != 0)
		return -1;
	is_read(cfg->filename, &st);
	return 0;
}

struct layout { /* the option arrays made from the table */
	cfg_opt_t sections[COUNT + 3];
	cfg_opt_t keys[COUNT + 2][COUNT + 2];
	char section[COUNT + 2][32];
	size_t n;
};

static void
split(const char *name, char section[32], const char **key)
{
	const char *dot = strchr(name, '.');

	snprintf(section, 32, "%.*s", dot != NULL ? (int)(dot - name) : 0, name);
	*key = dot != NULL ? dot + 1 : name;
}

static void
lay_out(struct layout *l)
{
	size_t filled[COUNT + 2] = { 0 };
	size_t top = 0;

	for (size_t i = 0; i < COUNT; i++) {
		char section[32];
		const char *key;
		size_t k = 0;

		split(settings[i].name, section, &key);
		if (section[0] == '\0') {
			l->sections[top++] = (cfg_opt_t)CFG_STR((char *)key, NULL, CFGF_NODEFAULT);
			continue;
		}
		while (k < l->n && strcmp(l->section[k], section) != 0)
			k++;
		if (k == l->n)
			snprintf(l->section[l->n++], 32, "%s", section);
		l->keys[k][filled[k]++] = (cfg_opt_t)CFG_STR((char *)key, NULL, CFGF_NODEFAULT);
	}
	for (size_t k = 0; k < l->n; k++) {
		l->keys[k][filled[k]] = (cfg_opt_t)CFG_END();
		l->sections[top++] = (cfg_opt_t)CFG_SEC(l->section[k], l->keys[k], CFGF_NONE);
	}
	l->sections[top++] = (cfg_opt_t)CFG_FUNC("include", include);
	l->sections[top] = (cfg_opt_t)CFG_END();
}

static int
setting_of(const char *section, const char *key)
{
	for (size_t i = 0; i < COUNT; i++) {
		char own[32];
		const char *own_key;

		split(settings[i].name, own, &own_key);
		if (strcmp(own, section) == 0 && strcmp(own_key, key) == 0)
			return (int)i;
	}
	return -1;
}

/* Called with each value while the file is read, so that a wrong one is told with its line. */
static int
check_option(cfg_t *cfg, cfg_opt_t *opt)
{
	const bool top = strcmp(cfg_name(cfg), "root") == 0;
	const int i = setting_of(top ? "" : cfg_name(cfg), cfg_opt_name(opt));
	const char *text = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
	struct error err = { 0 };

	if (i < 0 || check_value(&settings[i], text != NULL ? text : "", &err) == 0)
		return 0;
	cfg_error(cfg, "%s", err.text);
	return -1;
}

/* Called at the end of each section. */
static int
check_section(cfg_t *cfg, cfg_opt_t *opt)
{
	(void)opt;
	for (size_t i = 0; i < ARRAY_LEN(seen_sections); i++)
		if (seen_sections[i] == opt) {
			cfg_error(cfg, "section '%s' is there twice", cfg_opt_name(opt));
			return -1;
		} else if (seen_sections[i] == NULL) {
			seen_sections[i] = opt;
			break;
		}
	return 0;
}

static void
check_all(cfg_t *cfg)
{
	memset(seen_sections, 0, sizeof(seen_sections));
	for (size_t i = 0; i < COUNT; i++) {
		char section[32], path[80];
		const char *key;

		split(settings[i].name, section, &key);
		snprintf(path, sizeof(path), "%s%s%s", section, section[0] != '\0' ? "|" : "", key);
		cfg_set_validate_func(cfg, path, check_option);
		if (section[0] != '\0')
			cfg_set_validate_func(cfg, section, check_section);
	}
}

static void
take_file_values(cfg_t *cfg, struct values *v, const char *path)
{
	for (size_t i = 0; i < COUNT; i++) {
		char section[32];
		const char *key, *text;
		cfg_t *sec = cfg;

		split(settings[i].name, section, &key);
		if (section[0] != '\0')
			sec = cfg_size(cfg, section) > 0 ? cfg_getsec(cfg, section) : NULL;
		text = sec != NULL && cfg_size(sec, key) > 0 ? cfg_getstr(sec, key) : NULL;
		if (text == NULL)
			continue;
		set(v, i, text, path);
	}
}

static int
read_file(struct values *v, const char *path, bool must_exist, struct error *err)
{
	_cleanup_free_ struct layout *l = mem_zalloc(sizeof(*l));
	struct stat st;
	int rc = 0;

	if (!must_exist && access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (check_file(path, &st, err) < 0)
		return -1;
	lay_out(l);
	cfg_t *cfg = cfg_init(l->sections, CFGF_NONE);
	if (cfg == NULL)
		return error_set(err, ERROR_INTERNAL, "configuration table");
	cfg_set_error_function(cfg, report);
	check_all(cfg);
	report_to = err;
	report_root = cfg;
	nincludings = 0;
	if (cfg_parse(cfg, path) != CFG_SUCCESS)
		rc = err->kind != ERROR_NONE
		    ? -1
		    : error_set(err, ERROR_INVALID, "%s: cannot be read", path);
	if (rc == 0)
		take_file_values(cfg, v, path);
	cfg_free(cfg);
	return rc;
}

static int
read_usual_files(struct values *v, struct error *err)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	glob_t drop = { 0 };
	int rc = read_file(v, "/etc/janus/janus.conf", false, err);

	if (rc == 0 && glob("/etc/janus/janus.conf.d/*.conf", 0, NULL, &drop) == 0)
		for (size_t i = 0; i < drop.gl_pathc && rc == 0; i++)
			rc = read_file(v, drop.gl_pathv[i], false, err);
	globfree(&drop);
	if (rc == 0 && geteuid() != 0 && ((xdg != NULL && xdg[0] == '/') || home != NULL)) {
		_cleanup_free_ char *path = xdg != NULL && xdg[0] == '/'
		    ? str_printf("%s/janus/janus.conf", xdg)
		    : str_printf("%s/.config/janus/janus.conf", home);

		rc = read_file(v, path, false, err);
	}
	return rc;
}

/* ---- environment ---- */

static const char *
env_name(const struct setting *s, char out[64])
{
	snprintf(out, 64, "JANUS_%s", s->name);
	for (char *p = out; *p != '\0'; p++)
		*p = *p == '.' ? '_' : (char)toupper((unsigned char)*p);
	return out;
}

static int
read_environment(struct values *v, struct error *err)
{
	for (size_t i = 0; i < COUNT; i++) {
		char own[64];
		const char *name = env_name(&settings[i], own);
		const char *text = getenv(name);

		if (text == NULL && settings[i].env != NULL)
			text = getenv(name = settings[i].env);
		if (text == NULL || text[0] == '\0')
			continue;
		if (check_value(&settings[i], text, err) < 0)
			return error_add(err, "%s", name);
		set(v, i, text, name);
	}
	return 0;
}

/* ---- defaults that depend on who and where ---- */

static char *
user_dir(const char *variable, const char *fallback)
{
	const char *value = getenv(variable), *home = getenv("HOME");

	if (value != NULL && value[0] == '/')
		return str_printf("%s/janus", value);
	return str_printf("%s/%s/janus", home != NULL ? home : "/tmp", fallback);
}

static void
fill_rest(struct values *v)
{
	for (size_t i = 0; i < COUNT; i++) {
		const char *name = settings[i].name;
		_cleanup_free_ char *text = NULL;

		if (v->text[i] != NULL)
			continue;
		if (strcmp(name, "state_dir") == 0)
			text = geteuid() == 0 ? str_dup("/var/lib/janus")
					      : user_dir("XDG_STATE_HOME", ".local/state");
		else if (strcmp(name, "runtime_dir") == 0)
			text = geteuid() == 0 ? str_dup("/run/janus")
					      : user_dir("XDG_RUNTIME_DIR", ".local/run");
		else if (strcmp(name, "auth.anonymous") == 0)
			text = str_dup(v->text[0] == NULL || str_starts(v->text[0], "127.") ||
				    strcmp(v->text[0], "::1") == 0
				? "true"
				: "false");
		set(v, i, text != NULL ? text : settings[i].preset, "default");
	}
}

static int
collect(struct values *v, const char *file, struct error *err)
{
	if ((file != NULL ? read_file(v, file, true, err) : read_usual_files(v, err)) < 0)
		return -1;
	if (read_environment(v, err) < 0)
		return -1;
	fill_rest(v);
	return 0;
}

int
config_load(struct config *c, const char *file, struct error *err)
{
	_cleanup_(values_done) struct values v = { 0 };

	c->file = file;
	if (collect(&v, file, err) < 0)
		return -1;
	for (size_t i = 0; i < COUNT; i++)
		if (settings[i].parse(v.text[i], (char *)c + settings[i].at, err) < 0)
			return error_add(err, "%s", settings[i].name);
	c->origins = mem_zalloc(COUNT * sizeof(*c->origins));
	c->texts = mem_zalloc(COUNT * sizeof(*c->texts));
	for (size_t i = 0; i < COUNT; i++) {
		c->origins[i] = TAKE(v.origin[i]);
		c->texts[i] = TAKE(v.text[i]);
	}
	return 0;
}

static size_t
size_of(const struct setting *s)
{
	return s->parse == setting_bool ? sizeof(bool) : sizeof(int64_t);
}

static bool
differs(const struct setting *s, const struct config *a, const struct config *b)
{
	const char *x = (const char *)a + s->at, *y = (const char *)b + s->at;

	if (is_text(s))
		return !str_eq(*(char *const *)(const void *)x, *(char *const *)(const void *)y);
	return memcmp(x, y, size_of(s)) != 0;
}

static void
copy(const struct setting *s, struct config *to, const struct config *from)
{
	char *x = (char *)to + s->at;
	const char *y = (const char *)from + s->at;

	if (is_text(s))
		str_replace((char **)(void *)x, *(char *const *)(const void *)y);
	else
		memcpy(x, y, size_of(s));
}

void
config_exposed(struct config *c)
{
	c->exposed = true;
	for (size_t i = 0; i < COUNT; i++)
		if (settings[i].at == AT(anonymous) && str_eq(c->origins[i], "default")) {
			c->anonymous = false;
			str_replace(&c->texts[i], "false");
		}
}

int
config_reload(struct config *now, struct buf *changed, struct buf *waiting, struct error *err)
{
	_cleanup_(config_done) struct config fresh = { 0 };

	if (config_load(&fresh, now->file, err) < 0)
		return -1;
	if (now->exposed)
		config_exposed(&fresh);
	for (size_t i = 0; i < COUNT; i++) {
		const struct setting *s = &settings[i];
		struct buf *list = is_live(s) ? changed : waiting;

		if (!differs(s, now, &fresh))
			continue;
		buf_printf(list, "%s%s", list->len != 0 ? " " : "", s->name);
		if (is_live(s)) {
			copy(s, now, &fresh);
			str_replace(&now->texts[i], fresh.texts[i]);
			str_replace(&now->origins[i], fresh.origins[i]);
		}
	}
	return 0;
}

const char *
config_origin(const struct config *c, const char *name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (strcmp(settings[i].name, name) == 0)
			return c->origins[i];
	return NULL;
}

void
config_each(const struct config *c, config_value_fn *fn, void *arg)
{
	for (size_t i = 0; i < COUNT; i++)
		fn(&(const struct config_value){ settings[i].name, c->texts[i], c->origins[i],
		       settings[i].help, is_live(&settings[i]) },
		    arg);
}

void
config_done(struct config *c)
{
	for (size_t i = 0; c->origins != NULL && i < COUNT; i++) {
		free(c->origins[i]);
		free(c->texts[i]);
	}
	free(c->origins);
	free(c->texts);
	for (size_t i = 0; i < COUNT; i++)
		if (is_text(&settings[i]))
			free(*(char **)((char *)c + settings[i].at));
	*c = (struct config){ 0 };
}

int
config_print(FILE *out, const char *file, struct error *err)
{
	_cleanup_(values_done) struct values v = { 0 };

	if (collect(&v, file, err) < 0)
		return -1;
	for (size_t i = 0; i < COUNT; i++)
		fprintf(out, "%-28s %-20s # %s: %s%s\n", settings[i].name,
		    v.text[i][0] != '\0' ? v.text[i] : "\"\"", v.origin[i], settings[i].help,
		    is_live(&settings[i]) ? "" : " (restart)");
	return 0;
}
