/*
 * local_facts.c - a machine, for who has never seen it.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "controlplane/ctl/local.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/diagnose/host.h"

#define FILE_MAX_BYTES 65536

/* The whole of a small file of the system, without the last line's end. */
static void
add_file(cJSON *to, const char *key, const char *path)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;

	if (file_read(path, FILE_MAX_BYTES, &text, &len, NULL) < 0) {
		json_add_str(to, key, NULL);
		return;
	}
	while (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	json_add_text(to, key, text);
}

static void
add_host(cJSON *to)
{
	struct host h;

	host_look("", &h);
	json_add_int(to, "memory_bytes", h.memory_bytes);
	json_add_int(to, "memory_free_bytes", h.memory_free_bytes);
	json_add_int(to, "files", h.files);
	json_add_int(to, "files_max", h.files_max);
	json_add_int(to, "tasks", h.tasks);
	json_add_int(to, "tasks_max", h.tasks_max);
	json_add_int(to, "conntrack", h.conntrack);
	json_add_int(to, "conntrack_max", h.conntrack_max);
	json_add_int(to, "local_ports", h.ports);
	json_add_int(to, "inotify_instances_max", h.watchers_max);
	json_add_int(to, "clock_synchronised", h.clock_synchronised);
}

/* Names only: what they hold is nobody's business, and the daemon tells its settings. */
static void
add_variables(cJSON *to)
{
	static const char *const prefixes[] = { "JANUS_", "SANDY_", "DOCKER_", "OTEL_", "OPENAI_",
		"XDG_", "HTTP_PROXY=", "HTTPS_PROXY=", "NO_PROXY=", "TZ=" };
	cJSON *names = json_add_arr(to, "variables");

	for (char **at = environ; *at != NULL; at++)
		for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
			if (str_starts(*at, prefixes[i])) {
				_cleanup_free_ char *name = str_ndup(*at, strcspn(*at, "="));

				cJSON_AddItemToArray(names, cJSON_CreateString(name));
			}
}

cJSON *
local_facts(void)
{
	cJSON *facts = cJSON_CreateObject();
	struct utsname u = { 0 };
	struct rlimit files = { 0 };

	uname(&u);
	getrlimit(RLIMIT_NOFILE, &files);
	json_add_time(facts, "at", clock_wall_ms());
	json_add_str(facts, "system", u.sysname);
	json_add_str(facts, "release", u.release);
	json_add_str(facts, "version", u.version);
	json_add_str(facts, "machine", u.machine);
	json_add_int(facts, "uid", (int64_t)geteuid());
	json_add_int(facts, "processors", sysconf(_SC_NPROCESSORS_ONLN));
	json_add_int(facts, "uptime_seconds", clock_pair_now().boot_ms / 1000);
	json_add_int(facts, "descriptors_max", (int64_t)files.rlim_cur);
	json_add_str(facts, "libcurl", curl_version());
	add_host(facts);
	add_variables(facts);
	add_file(facts, "os_release", "/etc/os-release");
	add_file(facts, "load", "/proc/loadavg");
	add_file(facts, "pressure_memory", "/proc/pressure/memory");
	add_file(facts, "pressure_io", "/proc/pressure/io");
	add_file(facts, "mounts", "/proc/self/mounts");
	add_file(facts, "cgroup", "/proc/self/cgroup");
	return facts;
}
