/*
 * environment.c - what /proc and uname say.
 */
#include "bench/record/environment.h"

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/tree.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/program.h"
#include "runtime/base/str.h"

#define PROC_MAX ((size_t)4 << 20)

/* The rest of the first line that begins so, without what separates; NULL if there is none. */
static char *
line_of_file(const char *path, const char *begin)
{
	_cleanup_free_ char *text = NULL;
	char *save = NULL;

	if (file_read(path, PROC_MAX, &text, NULL, NULL) < 0)
		return NULL;
	for (char *line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save)) {
		if (!str_starts(line, begin))
			continue;
		line += strlen(begin);
		line += strspn(line, " \t:=\"");
		line[strcspn(line, "\"")] = '\0';
		return str_dup(line);
	}
	return NULL;
}

static void
add_load(cJSON *env)
{
	double load[3];

	if (getloadavg(load, 3) != 3) {
		json_add_str(env, "load", NULL);
		return;
	}
	cJSON *a = json_add_arr(env, "load");
	for (int i = 0; i < 3; i++)
		cJSON_AddItemToArray(a, cJSON_CreateNumber(load[i]));
}

static void
add_versions(cJSON *env)
{
	cJSON *v = json_add_obj(env, "versions");

	json_add_str(v, "janus", JANUS_VERSION);
	json_add_str(v, "curl", curl_version_info(CURLVERSION_NOW)->version);
	json_add_str(v, "crypto", OpenSSL_version(OPENSSL_VERSION_STRING));
	json_add_str(v, "cjson", cJSON_Version());
}

cJSON *
environment_read(void)
{
	cJSON *env = cJSON_CreateObject();
	_cleanup_free_ char *os = line_of_file("/etc/os-release", "PRETTY_NAME"),
			    *cpu = line_of_file("/proc/cpuinfo", "model name");
	const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	const time_t now = time(NULL);
	struct utsname u;
	struct tm tm;

	json_add_text(env, "os", os);
	if (uname(&u) == 0) {
		json_add_str(env, "kernel", u.release);
		json_add_str(env, "architecture", u.machine);
	}
	json_add_text(env, "cpu", cpu);
	json_add_int(env, "cores", sysconf(_SC_NPROCESSORS_ONLN));
	json_add_int(env, "memory_bytes", (int64_t)pages * page);
	add_load(env);
	tzset();
	json_add_str(env, "time_zone", localtime_r(&now, &tm) != NULL ? tm.tm_zone : NULL);
	add_versions(env);
	return env;
}

const char *
environment_self_sha256(char out[72])
{
	_cleanup_free_ char *path = program_path();
	char hex[HASH_HEX_MAX];

	out[0] = '\0';
	if (path == NULL)
		return out;
	char *name = strrchr(path, '/');
	*name++ = '\0';
	if (tree_hash(path, name, hex, NULL) == 0)
		snprintf(out, 72, "sha256:%s", hex);
	return out;
}
