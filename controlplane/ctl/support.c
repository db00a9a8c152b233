/*
 * support.c - an archive of all that helps to find what is wrong, for somebody who is not here.
 *
 * Every byte goes through scrub() on its way in.  What cannot be had is named in manifest.json, and
 * what is left is still an archive: a Janus that does not run is when it is needed most.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/local.h"
#include "controlplane/ctl/output.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/bundle/bundle.h"
#include "runtime/diagnose/finding.h"
#include "runtime/diagnose/scrub.h"

#define ASK_MS 30000
#define DOCTOR_MS 120000 /* it starts a probe pod */
#define LOG_TAIL_BYTES ((off_t)1 << 19) /* of each file */
#define LOG_FILES_MAX 16
#define TEXT_MAX_BYTES ((size_t)16 << 20) /* of one entry */

static const char read_me[] =
    "What 'janusctl support bundle' found, for somebody who is to help.\n"
    "\n"
    "manifest.json  each file, where it is from, how many secrets were cut from it, or why it is\n"
    "               not there\n"
    "doctor.json    what is not as it should be, and what would help: begin here\n"
    "config.json    the settings, and where each came from; config.txt: of a daemon that is down\n"
    "status.json, health.json, policy.json, champion.json, top.json, competitors.jsonl,\n"
    "instances.jsonl, submissions.jsonl, runs.jsonl, schedules.jsonl\n"
    "               what the daemon says of itself\n"
    "events.jsonl   what was decided, newest first\n"
    "requests.jsonl chats that are over, newest first: ids, times, sizes and outcomes, no texts\n"
    "metrics.txt    counters\n"
    "log.jsonl      the daemon's newest lines; troubles.jsonl: warnings and errors only\n"
    "logs/          the ends of log files, and of the journal\n"
    "system.json    the machine\n"
    "\n"
    "Keys, tokens, passwords, signatures of links and private keys read [redacted]. Names of\n"
    "competitors, addresses and paths are as they were.\n";

/* What is asked of the daemon, in order. */
static const struct {
	const char *name, *path;
	bool is_text; /* as it comes; else JSON, of a list a line each */
	int64_t total_ms;
} asked[] = {
	{ "doctor.json", "/api/v1/doctor", false, DOCTOR_MS },
	{ "status.json", "/api/v1/status", false, ASK_MS },
	{ "health.json", "/health", false, ASK_MS },
	{ "config.json", "/api/v1/config", false, ASK_MS },
	{ "policy.json", "/api/v1/policy", false, ASK_MS },
	{ "champion.json", "/api/v1/champion", false, ASK_MS },
	{ "top.json", "/api/v1/top", false, ASK_MS },
	{ "competitors.jsonl", "/api/v1/competitors?limit=500", false, ASK_MS },
	{ "instances.jsonl", "/api/v1/instances?limit=500", false, ASK_MS },
	{ "submissions.jsonl", "/api/v1/submissions?limit=100", false, ASK_MS },
	{ "runs.jsonl", "/api/v1/runs?limit=100", false, ASK_MS },
	{ "schedules.jsonl", "/api/v1/schedules?limit=100", false, ASK_MS },
	{ "events.jsonl", "/api/v1/events?limit=500", false, ASK_MS },
	{ "requests.jsonl", "/api/v1/requests?limit=500", false, ASK_MS },
	{ "metrics.txt", "/metrics", true, ASK_MS },
	{ "log.jsonl", "/api/v1/logs", true, ASK_MS },
	{ "troubles.jsonl", "/api/v1/logs?level=warn", true, ASK_MS },
};

struct support {
	struct ctl *ctl;
	struct bundle_writer *writer;
	cJSON *manifest, *files; /* files is of it */
	size_t redacted;
	bool down; /* the daemon does not answer */
};

/* The only way in. */
static int
add(struct support *s, const char *name, const char *from, const char *text, size_t len,
    struct error *err)
{
	_cleanup_buf_ struct buf safe = { 0 };
	cJSON *row = cJSON_CreateObject();
	const size_t cut = scrub(&safe, text, len);

	json_add_str(row, "name", name);
	json_add_text(row, "from", from);
	json_add_int(row, "size_bytes", (int64_t)safe.len);
	json_add_int(row, "redacted", (int64_t)cut);
	json_add_str(row, "error", NULL);
	cJSON_AddItemToArray(s->files, row);
	s->redacted += cut;
	return bundle_add_bytes(s->writer, name, buf_str(&safe), safe.len, err);
}

static void
miss(struct support *s, const char *name, const char *from, const char *why)
{
	_cleanup_buf_ struct buf safe = { 0 };
	cJSON *row = cJSON_CreateObject();

	scrub(&safe, why, strlen(why));
	json_add_str(row, "name", name);
	json_add_text(row, "from", from);
	json_add_int(row, "size_bytes", 0);
	json_add_int(row, "redacted", 0);
	json_add_text(row, "error", buf_str(&safe));
	cJSON_AddItemToArray(s->files, row);
}

static int
add_json(
    struct support *s, const char *name, const char *from, const cJSON *json, struct error *err)
{
	const bool lines = str_ends(name, ".jsonl");
	_cleanup_buf_ struct buf text = { 0 };
	const cJSON *data = lines ? json_get(json, "data") : NULL, *row;

	if (!lines) {
		_cleanup_free_ char *all = cJSON_Print(json);

		buf_printf(&text, "%s\n", all);
	}
	json_for_each(row, data) {
		_cleanup_free_ char *line = json_print(row);

		buf_printf(&text, "%s\n", line);
	}
	return add(s, name, from, buf_str(&text), text.len, err);
}

/* ---- from the daemon ---- */

static int
on_text(const char *bytes, size_t len, void *arg)
{
	struct buf *text = arg;

	buf_add(text, bytes, len);
	return text->len <= TEXT_MAX_BYTES && !ctl_interrupted() ? 0 : -1;
}

static int
add_asked(struct support *s, size_t i, struct error *err)
{
	_cleanup_free_ char *from = str_printf("GET %s", asked[i].path);
	_cleanup_buf_ struct buf text = { 0 };
	_cleanup_json_ cJSON *json = NULL;
	struct ctl_failure f = { 0 };
	const struct ctl_call call = {
		.method = "GET",
		.path = asked[i].path,
		.total_ms = asked[i].total_ms,
		.on_data = asked[i].is_text ? on_text : NULL,
		.arg = &text,
	};

	if (ctl_ask(s->ctl, &call, &json, &f) < 0) {
		s->down = s->down || str_eq(f.code, "unreachable");
		miss(s, asked[i].name, from, f.text);
		free(f.envelope);
		return ctl_interrupted() ? error_set(err, ERROR_CANCELLED, "interrupted") : 0;
	}
	return asked[i].is_text ? add(s, asked[i].name, from, buf_str(&text), text.len, err)
				: add_json(s, asked[i].name, from, json, err);
}

/* ---- from this machine ---- */

static int
add_local_doctor(struct support *s, struct error *err)
{
	struct findings found = { 0 };
	_cleanup_json_ cJSON *doctor = NULL;

	local_diagnose(s->ctl, &found);
	doctor = findings_take(&found);
	return add_json(s, "doctor.json", "janusctl doctor, without the daemon", doctor, err);
}

/* The end of a file, from the beginning of a line. */
static int
add_tail(struct support *s, const char *dir, const char *file, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/%s", dir, file),
			    *name = str_printf("logs/%s", file);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	_cleanup_buf_ struct buf text = { 0 };
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		miss(s, name, path, fd < 0 ? strerror(errno) : "not a file");
		return 0;
	}
	off_t at = st.st_size > LOG_TAIL_BYTES ? st.st_size - LOG_TAIL_BYTES : 0;
	const bool cut = at > 0;
	while (text.len < (size_t)LOG_TAIL_BYTES &&
	    (n = pread(fd, buf_reserve(&text, 65536), 65536, at)) > 0) {
		text.len += (size_t)n;
		at += n;
	}
	const char *first = cut ? memchr(buf_str(&text), '\n', text.len) : NULL;
	if (first != NULL)
		buf_drop(&text, (size_t)(first + 1 - text.data));
	return add(s, name, path, buf_str(&text), text.len, err);
}

/* The files that "make up" has the programs log to. */
static int
add_log_files(struct support *s, const char *state_dir, struct error *err)
{
	_cleanup_free_ char *path = str_printf("%s/log", state_dir);
	DIR *dir = opendir(path);
	int rc = 0, n = 0;

	if (dir == NULL)
		return 0;
	for (const struct dirent *e; rc == 0 && (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.' && str_ends(e->d_name, ".log") && n++ < LOG_FILES_MAX)
			rc = add_tail(s, path, e->d_name, err);
	closedir(dir);
	return rc;
}

static int
add_journal(struct support *s, struct error *err)
{
	static const char *const args[] = { "journalctl", "--no-pager", "--quiet", "-n", "2000",
		"-o", "short-iso", "-u", "janusd", "-u", "janus-platform", "-u", "janus-sandboxd",
		NULL };
	_cleanup_buf_ struct buf text = { 0 };

	if (access("/run/systemd/system", F_OK) < 0)
		return 0; /* nobody keeps one */
	if (local_run(args, &text) != 0 && text.len == 0) {
		miss(s, "logs/journal.txt", "journalctl", "journalctl could not be run");
		return 0;
	}
	return add(s, "logs/journal.txt", "journalctl", buf_str(&text), text.len, err);
}

static int
add_local(struct support *s, struct error *err)
{
	_cleanup_(local_config_done) struct local_config c = { 0 };
	_cleanup_json_ cJSON *facts = local_facts();
	_cleanup_free_ char *state_dir = NULL;
	struct error why = { 0 };

	if (s->down && add_local_doctor(s, err) < 0)
		return -1;
	if (local_config_read(&c, NULL, &why) < 0)
		miss(s, "config.txt", "janusd -T", why.text);
	else if (s->down &&
	    add(s, "config.txt", "janusd -T", buf_str(&c.print), c.print.len, err) < 0)
		return -1;
	state_dir = local_setting(&c, "state_dir");
	if (state_dir != NULL && add_log_files(s, state_dir, err) < 0)
		return -1;
	return add_journal(s, err) < 0 ? -1
				       : add_json(s, "system.json", "this machine", facts, err);
}

/* ---- all of it ---- */

static int
add_manifest(struct support *s, struct error *err)
{
	_cleanup_free_ char *text = NULL;

	json_add_str(s->manifest, "object", "support_bundle");
	json_add_time(s->manifest, "created_at", clock_wall_ms());
	json_add_str(s->manifest, "janusctl", JANUS_VERSION);
	json_add_str(s->manifest, "daemon", s->ctl->place.tried);
	json_add_bool(s->manifest, "answered", !s->down);
	json_add_int(s->manifest, "redacted", (int64_t)s->redacted);
	text = cJSON_Print(s->manifest);
	return bundle_add_bytes(s->writer, "manifest.json", text, strlen(text), err);
}

static int
write_all(struct support *s, struct error *err)
{
	if (add(s, "README.txt", "janusctl", read_me, strlen(read_me), err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(asked) && !s->down; i++)
		if (add_asked(s, i, err) < 0)
			return -1;
	if (s->ctl->place.is_local && add_local(s, err) < 0)
		return -1;
	return add_manifest(s, err) < 0 ? -1 : bundle_end(s->writer, err);
}

static int
open_output(const char *file, struct error *err)
{
	/* What was cut is cut; the rest is still for few eyes. */
	const int fd = file == NULL ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
				    : open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? error_errno(err, "%s", file != NULL ? file : "standard output") : fd;
}

static void
told(const struct support *s, const char *file)
{
	ctl_note(s->ctl, "%s: %d files, %zu secrets cut; look at manifest.json before you send it",
	    file, cJSON_GetArraySize(s->files), s->redacted);
	if (s->down)
		ctl_note(s->ctl, "the daemon did not answer: what it knows is not in it");
}

int
ctl_support_bundle(struct ctl *ctl)
{
	const char *said = ctl->words_len > 0 ? ctl->words[0] : NULL;
	char usual[64];
	struct support s = { .ctl = ctl, .manifest = cJSON_CreateObject() };
	_cleanup_json_ cJSON *manifest = s.manifest;
	struct error err = { 0 };
	const time_t now = (time_t)(clock_wall_ms() / 1000);
	struct tm tm;

	strftime(usual, sizeof(usual), "janus-support-%Y%m%dT%H%M%SZ.tar.gz", gmtime_r(&now, &tm));
	const char *file = said == NULL ? usual : str_eq(said, "-") ? NULL : said;
	if (file == NULL && ctl->out_is_terminal)
		return ctl_misuse(ctl, "an archive is nothing for a terminal: name a file");
	_cleanup_close_ int fd = open_output(file, &err);
	if (fd < 0)
		return ctl_misuse(ctl, "%s", err.text);
	s.files = json_add_arr(s.manifest, "files");
	s.writer = bundle_writer_new(BUNDLE_TAR_GZ, bundle_to_fd, &fd);
	ctl_catch_interrupt();
	const int rc = write_all(&s, &err);
	bundle_writer_free(s.writer);
	if (rc < 0) {
		struct ctl_failure f = { 0 };

		if (file != NULL)
			unlink(file); /* half of it is none of it */
		ctl_fail(&f, err.kind == ERROR_CANCELLED ? CTL_INTERRUPTED : CTL_FAILED,
		    error_kind_name(err.kind), "%s", err.text);
		return ctl_complain(ctl, &f);
	}
	if (file != NULL && ctl->format != CTL_JSON)
		printf("%s\n", file);
	told(&s, file != NULL ? file : "standard output");
	if (file != NULL && ctl->format == CTL_JSON)
		ctl_print_json(s.manifest, stdout);
	return CTL_OK;
}
