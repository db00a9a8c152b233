/*
 * doctor.c - check the machine, and say what to do about what is not as it should be.
 *
 * First a probe pod tries to get out; then what the loops know is told; what must be looked for is
 * left to a worker.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "controlplane/api/handlers.h"
#include "controlplane/backup/backup.h"
#include "controlplane/schedule/scheduler.h"
#include "controlplane/schedule/suites.h"
#include "controlplane/store/check.h"
#include "controlplane/store/store.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/disk.h"
#include "runtime/base/error.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"
#include "runtime/diagnose/certificate.h"
#include "runtime/diagnose/engine.h"
#include "runtime/diagnose/finding.h"
#include "runtime/diagnose/host.h"
#include "runtime/loop/loop.h"
#include "runtime/net/http_client.h"

#define ANSWER_MS 2000
#define WAL_MAX_BYTES (INT64_C(256) << 20)
#define CHECKED_MAX_BYTES (INT64_C(64) << 20) /* of the database */
#define BACKUP_OLD_MS (INT64_C(7) * 86400000)
#define BACK_UP \
	"janusctl create backup, and a timer that does it each day; copy it to another machine"

struct diagnosis {
	struct api_call *call;
	struct findings found;
	int64_t engine_ahead_ms;
	bool platform, has_sandboxes; /* it is there, and has them to offer */
	char *sandbox_at; /* owned; NULL: nobody says */
};

/* ---- what is known ---- */

static void
tell_second(const struct engine_status *e, struct findings *f)
{
	if (e != NULL && e->ok)
		finding_add(f, CHECK_SANDY, FINDING_FINE, NULL, "%s; not enforced there: %.180s",
		    e->info.name, e->info.missing);
	else if (e != NULL)
		finding_add(f, CHECK_SANDY, FINDING_FAILED,
		    "see that the service at sandy.url runs and takes the key of sandy.key_file",
		    "%s", e->text);
}

static void
tell_isolation(const struct canary_report *canary, struct findings *f)
{
	finding_add(f, CHECK_ISOLATION,
	    canary->state == CANARY_CONTAINED ? FINDING_FINE : FINDING_FAILED,
	    "no competitor is started until the probe pod is contained: update the engine, or "
	    "build the link image (images/build.sh link; of a package: systemctl start "
	    "janus-image@link)",
	    "%s",
	    canary->text[0] != '\0'               ? canary->text
		: canary->state == CANARY_ESCAPED ? "the probe pod got out"
						  : "the probe pod has not run yet");
}

/* The broker, and what it says there is behind it. */
static void
tell_platform(const struct supervisor *sup, struct findings *f)
{
	static const char *const services[] = { "inference", "search", "web", "vector", "sandbox" };
	char text[200] = "connected; it offers";
	bool any = false;

	if (!supervisor_broker_connected(sup)) {
		finding_add(f, CHECK_PLATFORM, FINDING_FAILED,
		    "start janus-platform with the same runtime directory (systemctl start "
		    "janus-platform)",
		    "janus-platform does not answer");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		const char *offer = supervisor_offer(sup, services[i]);
		const size_t at = strlen(text);

		if (offer != NULL)
			snprintf(text + at, sizeof(text) - at, "%s %s (%s)", any ? "," : "",
			    services[i], offer);
		any = any || offer != NULL;
	}
	finding_add(f, CHECK_PLATFORM, FINDING_FINE, NULL, "%s",
	    any ? text : "connected; it offers nothing");
}

static void
tell_wal(const struct store_stats *stats, struct findings *f)
{
	char wal[32];

	finding_add(f, CHECK_WAL, stats->wal_bytes > WAL_MAX_BYTES ? FINDING_WARNING : FINDING_FINE,
	    "end the reader that keeps it from being folded back (fuser -v janus.db in the state "
	    "directory)",
	    "%s", str_format_size(stats->wal_bytes, wal, sizeof(wal)));
}

static void
tell_losses(const struct store_stats *stats, struct findings *f)
{
	const uint64_t lines = log_dropped();

	finding_add(f, CHECK_LOSSES,
	    lines != 0 || stats->usage_dropped != 0 ? FINDING_WARNING : FINDING_FINE,
	    "see that whoever reads the log keeps up, and that the disk of the state is fast and "
	    "has "
	    "room (janus_db_write_seconds)",
	    "%llu log lines and %llu usage rows were dropped", (unsigned long long)lines,
	    (unsigned long long)stats->usage_dropped);
}

static void
tell_route(const struct registry *reg, struct findings *f)
{
	const struct competitor *leader = registry_default(reg);

	finding_add(f, CHECK_ROUTE, leader != NULL ? FINDING_FINE : FINDING_FAILED,
	    "submit one: janusctl submit image IMAGE --name NAME --wait", "%s",
	    leader != NULL ? leader->slug : "no competitor is ready");
}

static void
tell_bench(const struct scheduler_config *k, struct findings *f)
{
	finding_add(f, CHECK_BENCH, k->program != NULL ? FINDING_FINE : FINDING_WARNING,
	    "put janus-bench beside janusd or into its PATH, or set bench.program", "%s",
	    k->program != NULL ? k->program : "no janus-bench: nothing is measured");
}

static void
tell_engine_disk(const struct engine_status *e, struct findings *f)
{
	char text[96];

	if (e->disk.total_bytes != 0)
		finding_add(f, CHECK_ENGINE_DISK,
		    e->disk_state == DISK_FINE ? FINDING_FINE : FINDING_FAILED,
		    "free space where the engine keeps its images (docker image prune): nothing is "
		    "pulled below pull.min_free percent",
		    "%s", disk_words(&e->disk, text, sizeof(text)));
}

/* ---- what is looked for, on a worker ---- */

static bool
is_loopback(const char *host)
{
	return str_starts(host, "127.") || str_eq(host, "::1");
}

/* Is a connection taken?  All that can be asked of a port that speaks TLS with a name of others. */
static bool
takes_connection(const char *host, int port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	const bool six = inet_pton(AF_INET6, host, &v6.sin6_addr) == 1;
	const struct timeval wait = { .tv_sec = ANSWER_MS / 1000 };

	if (!six && inet_pton(AF_INET, host, &v4.sin_addr) != 1)
		return false;
	_cleanup_close_ int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)); /* of connect, too */
	return (six ? connect(fd, (const struct sockaddr *)&v6, sizeof(v6))
		    : connect(fd, (const struct sockaddr *)&v4, sizeof(v4))) == 0;
}

static bool
port_answers(const struct api_deps *d, int port, struct error *err)
{
	const char *host = str_eq(d->host, "0.0.0.0") ? "127.0.0.1"
	    : str_eq(d->host, "::")                   ? "::1"
						      : d->host;
	const bool six = strchr(host, ':') != NULL;
	_cleanup_free_ char *url =
	    str_printf("http://%s%s%s:%d/livez", six ? "[" : "", host, six ? "]" : "", port);
	struct http_call http = {
		.method = "GET", .url = url, .connect_ms = ANSWER_MS, .total_ms = ANSWER_MS
	};

	if (d->certificate != NULL) {
		if (takes_connection(host, port))
			return true;
		error_set(err, ERROR_UNAVAILABLE, "no connection is taken");
		return false;
	}
	const int rc = http_call(&http, err);
	buf_done(&http.reply);
	if (rc == 0 && http.status != 200)
		error_set(err, ERROR_UPSTREAM, "somebody else answers there: HTTP %d", http.status);
	return rc == 0 && http.status == 200;
}

static void
look_port(const struct api_deps *d, struct findings *f)
{
	const int ports[] = { d->port, d->ui_port };
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(ports); i++) {
		if (ports[i] == 0 || port_answers(d, ports[i], &err))
			continue;
		finding_add(f, CHECK_PORT, FINDING_FAILED,
		    "see who has it (ss -ltnp), and what janusd says in its log (journalctl -u "
		    "janusd); then systemctl restart janusd",
		    "port %d does not answer: %s", ports[i], err.text);
		return;
	}
	if (!is_loopback(d->host) && d->certificate == NULL)
		finding_add(f, CHECK_PORT, FINDING_WARNING,
		    "set tls.certificate and tls.key_file; or host = 127.0.0.1 (ListenStream= of "
		    "janusd.socket where systemd listens), with a proxy that speaks TLS before it",
		    "%s answers, and keys pass unencrypted", d->listen);
	else
		finding_add(f, CHECK_PORT, FINDING_FINE, NULL, "%s answers%s", d->listen,
		    d->certificate != NULL ? ", with TLS" : "");
}

static void
count_suite(const struct suite_info *s, void *arg)
{
	int *counts = arg;

	counts[s->is_sealed]++;
}

static void
look_suites(const struct scheduler_config *k, struct findings *f)
{
	struct suite_info info = { 0 };
	struct error err = { 0 };
	int counts[2] = { 0 };

	if (suites_find(k->suites_dir, k->private_dir, k->suite, &info, &err) < 0) {
		finding_add(f, CHECK_SUITES, FINDING_WARNING,
		    "set bench.suites_dir to where suites are, or name one that is there with "
		    "bench.suite (janusctl list suites)",
		    "%s: %s", k->suite, err.text);
		return;
	}
	suite_info_done(&info);
	suites_list(k->suites_dir, k->private_dir, count_suite, counts);
	finding_add(f, CHECK_SUITES, FINDING_FINE, NULL, "%d open, %d sealed; %s is the default",
	    counts[0], counts[1], k->suite);
}

/* The service behind the platform's sandboxes: who answers anything at all is there. */
static void
look_sandboxes(const struct diagnosis *g, struct findings *f)
{
	static const char fix[] =
	    "start janus-sandboxd (systemctl start janus-sandboxd), and give janus-platform its "
	    "address and key: SANDY_BASE_URL, SANDY_API_KEY_FILE";
	_cleanup_free_ char *url =
	    g->sandbox_at != NULL ? str_printf("%s/livez", g->sandbox_at) : NULL;
	struct http_call http = {
		.method = "GET", .url = url, .connect_ms = ANSWER_MS, .total_ms = ANSWER_MS
	};
	struct error err = { 0 };

	if (!g->platform)
		return; /* nobody says */
	if (!g->has_sandboxes || url == NULL) {
		finding_add(f, CHECK_SANDBOX, FINDING_WARNING, fix,
		    "janus-platform has no sandboxes to offer: agents cannot work");
		return;
	}
	const int rc = http_call(&http, &err);
	buf_done(&http.reply);
	if (rc < 0)
		finding_add(f, CHECK_SANDBOX, FINDING_WARNING, fix, "%s", err.text);
	else
		finding_add(f, CHECK_SANDBOX, FINDING_FINE, NULL, "%s answers, and there is a key",
		    g->sandbox_at);
}

/* All of it is read only where that takes a moment. */
static void
add_fault(const struct check_finding *c, void *arg)
{
	struct buf *faults = arg;

	if (c->faults > 0)
		buf_printf(faults, "%s%s: %s", faults->len > 0 ? "; " : "", c->name, c->saw);
}

static void
look_database(struct store *store, struct findings *f)
{
	_cleanup_buf_ struct buf faults = { 0 };
	struct store_stats stats;
	struct error err = { 0 };
	char size[32];
	int64_t schema = 0;
	int bad = 0;

	store_stats(store, &stats);
	str_format_size(stats.db_bytes, size, sizeof(size));
	if (stats.failing) {
		finding_add(f, CHECK_DATABASE, FINDING_FAILED,
		    "free disk space and check the state directory (janusctl doctor, df -h, dmesg)",
		    "%s", stats.why);
		return;
	}
	if (stats.db_bytes <= CHECKED_MAX_BYTES)
		bad = store_check(store, &schema, add_fault, NULL, &faults, &err);
	if (bad != 0)
		finding_add(f, CHECK_DATABASE, FINDING_FAILED,
		    "janusctl check db, then janusctl restore backup ID and restart janusd", "%s",
		    bad < 0 ? err.text : buf_str(&faults));
	else
		finding_add(f, CHECK_DATABASE, FINDING_FINE, NULL, "writing; %s, %s", size,
		    stats.db_bytes <= CHECKED_MAX_BYTES ? "and in one piece"
							: "which janusctl check db reads whole");
}

static void
note_backup(const struct backup *b, void *arg)
{
	int64_t *newest_ms = arg;

	if (!b->is_database && b->created_at_ms > *newest_ms)
		*newest_ms = b->created_at_ms;
}

static void
look_backups(const char *state_dir, struct findings *f)
{
	int64_t newest_ms = 0;
	struct error err = { 0 };
	char age[32];

	if (backup_list(state_dir, note_backup, &newest_ms, &err) < 0 || newest_ms == 0) {
		finding_add(f, CHECK_BACKUP, FINDING_WARNING, BACK_UP, "%s",
		    err.text[0] != '\0' ? err.text : "there is none");
		return;
	}
	const int64_t age_ms = clock_wall_ms() - newest_ms;
	finding_add(f, CHECK_BACKUP, age_ms > BACKUP_OLD_MS ? FINDING_WARNING : FINDING_FINE,
	    BACK_UP, "the last one is %s old",
	    str_format_duration(age_ms / 1000 * 1000, age, sizeof(age)));
}

static void
look(void *arg)
{
	struct diagnosis *g = arg;
	const struct api_deps *d = DEPS(g->call);
	const struct clock_pair now = clock_pair_now();
	struct host host;

	host_look("", &host);
	look_database(d->store, &g->found);
	look_backups(d->state_dir, &g->found);
	host_judge_directory(d->state_dir, &g->found);
	host_judge_disk(CHECK_DISK, d->state_dir, &g->found);
	look_sandboxes(g, &g->found);
	look_port(d, &g->found);
	if (d->certificate != NULL)
		certificate_judge(d->certificate, d->certificate_key, clock_wall_ms(), &g->found);
	host_judge_clock(&host, &g->call->api->started, &now, g->engine_ahead_ms, &g->found);
	host_judge(&host, &g->found);
	look_suites(scheduler_config(d->scheduler), &g->found);
}

static void
looked(void *arg)
{
	struct diagnosis *g = arg;

	reply_json(g->call, 200, findings_take(&g->found));
	free(g->sandbox_at);
	free(g);
}

static void
probed(void *arg)
{
	struct api_call *c = arg;
	struct diagnosis *g = mem_zalloc(sizeof(*g));
	const struct supervisor *sup = DEPS(c)->supervisor;
	const struct engine_status *e = supervisor_engine(sup);
	struct store_stats stats;

	g->call = c;
	g->platform = supervisor_broker_connected(sup);
	g->has_sandboxes = supervisor_offer(sup, "sandbox") != NULL;
	g->sandbox_at = str_dup(supervisor_offer(sup, "sandbox_at"));
	g->engine_ahead_ms = e->ok && e->info.tells_time ? e->info.ahead_ms : CLOCK_NO_ENGINE;
	store_stats(DEPS(c)->store, &stats);
	engine_judge(&e->info, e->ok ? NULL : e->text, &g->found);
	tell_engine_disk(e, &g->found);
	tell_second(supervisor_second(sup), &g->found);
	tell_isolation(supervisor_canary(sup), &g->found);
	tell_platform(sup, &g->found);
	tell_route(REGISTRY(c), &g->found);
	tell_wal(&stats, &g->found);
	tell_losses(&stats, &g->found);
	tell_bench(scheduler_config(DEPS(c)->scheduler), &g->found);
	worker_run(DEPS(c)->workers, DEPS(c)->control, look, looked, g);
}

void
doctor_get(struct api_call *c)
{
	supervisor_ask_offers(DEPS(c)->supervisor); /* it answers while the probe pod runs */
	supervisor_probe_isolation(DEPS(c)->supervisor, probed, c);
}
