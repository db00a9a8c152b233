/*
 * pod.c - a pod's words for a sandbox: the line that runs it, and whether that was obeyed. Pure.
 */
#include "runtime/engine/sandy/pod.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/engine/docker/docker.h"

static void
add_option(struct buf *out, const char *option, const char *value)
{
	buf_printf(out, " %s ", option);
	sandy_quote(out, value);
}

static void
add_tmpfs(struct buf *out, const struct pod_spec *s, const char *path)
{
	char text[400];

	snprintf(text, sizeof(text), "%s:rw,exec,nosuid,nodev,size=%" PRId64 ",mode=1777", path,
	    s->tmpfs_bytes);
	add_option(out, "--tmpfs", text);
}

void
sandy_run_line(struct buf *out, const struct pod_spec *s)
{
	buf_add_str(out, "docker run -d --name ");
	sandy_quote(out, s->instance);
	buf_printf(out, " --publish %d:%d --user %u:%u", SANDY_PORT, s->port, s->uid, s->uid);
	buf_printf(
	    out, " --memory %" PRId64 " --memory-swap %" PRId64, s->memory_bytes, s->memory_bytes);
	buf_printf(out, " --cpus %.2f --pids-limit %d --shm-size %" PRId64,
	    (double)s->nano_cpus / 1e9, s->pids, s->shm_bytes);
	buf_printf(out, " --ulimit nofile=%d:%d --ulimit core=0:0", s->nofile, s->nofile);
	buf_add_str(out,
	    " --read-only --cap-drop ALL --security-opt no-new-privileges:true --ipc private"
	    " --init --restart no --no-healthcheck");
	buf_printf(out, " --log-driver local --log-opt max-size=%" PRId64 "k --log-opt max-file=2",
	    s->log_bytes / 2048);
	add_tmpfs(out, s, "/tmp");
	for (size_t i = 0; i < s->nvolumes; i++)
		if (!str_eq(s->volumes[i], "/tmp"))
			add_tmpfs(out, s, s->volumes[i]);
	for (size_t i = 0; i < s->nenv; i++)
		add_option(out, "--env", s->env[i]);
	if (s->ncommand > 0)
		add_option(out, "--entrypoint", s->command[0]);
	buf_add_char(out, ' ');
	sandy_quote(out, s->image_ref[0] != '\0' ? s->image_ref : s->image_id);
	for (size_t i = 1; i < s->ncommand; i++) {
		buf_add_char(out, ' ');
		sandy_quote(out, s->command[i]);
	}
}

static const cJSON *
first_of(const cJSON *json)
{
	return cJSON_IsArray(json) ? cJSON_GetArrayItem(json, 0) : json;
}

static bool
has(const cJSON *list, const char *start)
{
	const cJSON *item;

	json_for_each(item, list)
		if (cJSON_IsString(item) && str_starts(item->valuestring, start))
			return true;
	return false;
}

int
sandy_inspect_check(const char *text, size_t len, const struct pod_spec *s, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;
	const cJSON *host;

	if (json_parse(text, len, &json, NULL) < 0 ||
	    (host = json_get(first_of(json), "HostConfig")) == NULL)
		return error_set(err, ERROR_UPSTREAM, "Sandy: a container without configuration");
	const struct {
		const char *name;
		bool same;
	} checks[] = {
		{ "Memory", json_int(host, "Memory", 0) == s->memory_bytes },
		{ "MemorySwap", json_int(host, "MemorySwap", 0) == s->memory_bytes },
		{ "PidsLimit", json_int(host, "PidsLimit", 0) == s->pids },
		{ "NanoCpus",
		    json_int(host, "NanoCpus", 0) > 0 &&
			json_int(host, "NanoCpus", 0) <= s->nano_cpus + 10000000 },
		{ "ReadonlyRootfs", json_bool(host, "ReadonlyRootfs", false) },
		{ "Privileged", !json_bool(host, "Privileged", false) },
		{ "CapDrop", has(json_get(host, "CapDrop"), "ALL") },
		{ "SecurityOpt", has(json_get(host, "SecurityOpt"), "no-new-privileges") },
		{ "Binds", cJSON_GetArraySize(json_get(host, "Binds")) == 0 },
		{ "NetworkMode", !str_eq(json_str(host, "NetworkMode"), "host") },
	};

	for (size_t i = 0; i < ARRAY_LEN(checks); i++)
		if (!checks[i].same)
			return error_set(err, ERROR_INTERNAL,
			    "the sandbox's engine did not apply HostConfig.%s as it was asked",
			    checks[i].name);
	return 0;
}

int
sandy_inspect_parse(const char *text, size_t len, struct pod_state *out, struct error *err)
{
	_cleanup_json_ cJSON *json = NULL;

	if (json_parse(text, len, &json, NULL) < 0 || json_get(first_of(json), "State") == NULL)
		return error_set(err, ERROR_UPSTREAM, "Sandy: a container without state");
	pod_state_parse(first_of(json), out);
	return 0;
}

int
sandy_log_lines(const struct buf *text, bool is_stderr, int64_t after_ms, int64_t *newest_ms,
    log_line_fn *fn, void *arg)
{
	for (const char *at = buf_str(text); *at != '\0';) {
		const size_t len = strcspn(at, "\n"), word = strcspn(at, " \n");
		struct log_line line = { .is_stderr = is_stderr, .text = at, .len = len };
		char time[CLOCK_TEXT_MAX + 16];

		if (word < len && word < sizeof(time)) {
			snprintf(time, sizeof(time), "%.*s", (int)word, at);
			line.at_ms = clock_parse(time);
			if (line.at_ms > 0) {
				line.text = at + word + 1;
				line.len = len - word - 1;
			} else {
				line.at_ms = 0;
			}
		}
		if (line.at_ms > *newest_ms)
			*newest_ms = line.at_ms;
		if ((after_ms == 0 || line.at_ms > after_ms) && fn(&line, arg) < 0)
			return -1;
		at += len + (at[len] == '\n');
	}
	return 0;
}
