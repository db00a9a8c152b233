/*
 * config.c - the settings table, and where the keys are.
 */
#include "controlplane/sandbox/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/cli/setting.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/id.h"
#include "runtime/base/secret.h"
#include "runtime/base/str.h"

#define KEYS_MAX_BYTES 8192
#define KEY_MIN_BYTES 16
#define KEY_RANDOM 43
#define MEMORY_SHARE 3 / 4 /* of the machine, for all sandboxes, where nobody says */

/* What all sandboxes may have together: a size, or what the machine has most of. */
static int
parse_total(const char *text, void *out, struct error *err)
{
	if (strcmp(text, "auto") != 0)
		return setting_size(text, out, err);
	*(int64_t *)out = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) * MEMORY_SHARE;
	return 0;
}

static int
parse_duration(const char *text, void *out, struct error *err)
{
	int64_t ms;

	if (str_parse_duration(text, &ms, err) < 0)
		return -1;
	if (ms <= 0)
		return error_set(err, ERROR_INVALID, "'%.40s' is no time", text);
	*(int64_t *)out = ms;
	return 0;
}

#define AT(field) offsetof(struct sandbox_config, field)
static const struct setting {
	const char *name; /* of the variable */
	const char *preset;
	size_t at;
	setting_fn *parse;
	const char *other; /* another variable, or NULL */
	const char *help;
} settings[] = {
	{ "JANUS_SANDBOX_HOST", "127.0.0.1", AT(host), setting_string, NULL,
	    "numeric address to serve on" },
	{ "JANUS_SANDBOX_PORT", "8601", AT(port), setting_port, NULL, "port to serve on" },
	{ "JANUS_STATE_DIR", "", AT(state_dir), setting_string, "STATE_DIRECTORY",
	    "where the key and this node's name are kept" },
	{ "JANUS_RUNTIME_DIR", "", AT(runtime_dir), setting_string, "RUNTIME_DIRECTORY",
	    "where sockets live, in sandbox/ of it" },
	{ "JANUS_ENGINE_SOCKET", "", AT(engine_socket), setting_string, NULL,
	    "container engine socket; empty: find one" },
	{ "JANUS_ENGINE_LINK_IMAGE", "janus/link:latest", AT(link_image), setting_string, NULL,
	    "image of a pod's first container" },
	{ "JANUS_SANDBOX_IMAGE", "janus/sandbox:latest", AT(image), setting_string, NULL,
	    "image of a sandbox" },
	{ "JANUS_SANDBOX_MAX", "8", AT(max), setting_limit, NULL, "most sandboxes at once" },
	{ "JANUS_SANDBOX_TOTAL_MEMORY", "auto", AT(total_memory_bytes), parse_total, NULL,
	    "memory for all of them; auto: three quarters of the machine's" },
	{ "JANUS_SANDBOX_WARM", "1", AT(warm), setting_count, NULL,
	    "fresh sandboxes that wait for a caller" },
	{ "JANUS_SANDBOX_MEMORY", "1GiB", AT(memory_bytes), setting_size, NULL,
	    "memory of one, its files included" },
	{ "JANUS_SANDBOX_CPUS", "2", AT(milli_cpus), setting_cpus, NULL, "processors of one" },
	{ "JANUS_SANDBOX_DISK", "256MiB", AT(disk_bytes), setting_size, NULL,
	    "size of its /workspace, and of its /tmp" },
	{ "JANUS_SANDBOX_PIDS", "512", AT(pids), setting_limit, NULL,
	    "processes and threads of one" },
	{ "JANUS_SANDBOX_NOFILE", "4096", AT(nofile), setting_limit, NULL,
	    "open files of a process in it" },
	{ "JANUS_SANDBOX_TTL", "10m", AT(ttl_ms), parse_duration, NULL,
	    "life of one whose caller does not say" },
	{ "JANUS_SANDBOX_TTL_MAX", "2h", AT(ttl_max_ms), parse_duration, NULL,
	    "longest that may be asked for" },
	{ "JANUS_SANDBOX_CREATE_TIMEOUT", "60s", AT(create_ms), parse_duration, NULL,
	    "longest wait for room and start" },
	{ "JANUS_SANDBOX_EXEC_TIMEOUT", "30s", AT(exec_ms), parse_duration, NULL,
	    "time of a command whose caller does not say" },
	{ "JANUS_SANDBOX_EXEC_MAX", "1h", AT(exec_max_ms), parse_duration, NULL,
	    "longest that may be asked for" },
	{ "JANUS_SANDBOX_OUTPUT", "1MiB", AT(output_bytes), setting_size, NULL,
	    "of standard output, and of standard error, that is kept of a command" },
	{ "JANUS_SANDBOX_FILE", "16MiB", AT(file_bytes), setting_size, NULL,
	    "largest file that is read or written" },
	{ "JANUS_SANDBOX_OPERATIONS", "32", AT(operations), setting_limit, NULL,
	    "commands and files at once in one sandbox" },
	{ "JANUS_SANDBOX_HOSTED_MAX", "8", AT(hosted_max), setting_limit, NULL,
	    "most competitors at once, beside the sandboxes" },
	{ "JANUS_SANDBOX_HOSTED_MEMORY", "4GiB", AT(hosted_memory_bytes), setting_size, NULL,
	    "most memory that one may be given" },
	{ "JANUS_SANDBOX_HOSTING_KEY_FILE", "", AT(hosting_key_file), setting_string, NULL,
	    "file with the keys of callers that may run competitors here; empty: nobody may" },
	{ "JANUS_SANDBOX_UID_FIRST", "300000", AT(uid_first), setting_limit, NULL,
	    "first user id given to sandboxes" },
	{ "JANUS_SANDBOX_UID_COUNT", "60000", AT(uid_count), setting_limit, NULL, "how many" },
	{ "SANDY_API_KEY_FILE", "", AT(key_file), setting_string, NULL,
	    "file with the callers' keys, one a line; empty: sandbox.key in the state directory" },
};

static const char *
value_of(sandbox_env_fn *env, const char *name)
{
	const char *value = name != NULL ? env(name) : NULL;

	return value != NULL && *value != '\0' ? value : NULL;
}

/* ---- defaults that depend on who and where ---- */

static char *
user_dir(sandbox_env_fn *env, const char *variable, const char *fallback)
{
	const char *value = value_of(env, variable), *home = value_of(env, "HOME");

	if (value != NULL && value[0] == '/')
		return str_printf("%s/janus", value);
	return str_printf("%s/%s/janus", home != NULL ? home : "/tmp", fallback);
}

static char *
preset_of(const struct setting *s, sandbox_env_fn *env, unsigned user)
{
	if (strcmp(s->name, "JANUS_STATE_DIR") == 0)
		return user == 0 ? str_dup("/var/lib/janus")
				 : user_dir(env, "XDG_STATE_HOME", ".local/state");
	if (strcmp(s->name, "JANUS_RUNTIME_DIR") == 0)
		return user == 0 ? str_dup("/run/janus")
				 : user_dir(env, "XDG_RUNTIME_DIR", ".local/run");
	return str_dup(s->preset);
}

/* The text of a setting, the caller's; *origin says where it is from. */
static char *
find(const struct setting *s, sandbox_env_fn *env, unsigned user, const char **origin)
{
	const char *text = value_of(env, *origin = s->name);

	if (text == NULL)
		text = value_of(env, *origin = s->other);
	if (text != NULL)
		return str_dup(text);
	*origin = "default";
	return preset_of(s, env, user);
}

/* ---- keys ---- */

static int
add_key(struct sandbox_config *c, const char *key, size_t len, const char *where, struct error *err)
{
	if (c->nkeys == SANDBOX_KEYS_MAX)
		return error_set(
		    err, ERROR_INVALID, "%s: more than %d keys", where, SANDBOX_KEYS_MAX);
	if (len < KEY_MIN_BYTES)
		return error_set(err, ERROR_INVALID, "%s: a key has at least %d characters", where,
		    KEY_MIN_BYTES);
	for (size_t i = 0; i < len; i++)
		if (key[i] <= ' ' || key[i] > '~')
			return error_set(err, ERROR_INVALID, "%s: a key is visible ASCII", where);
	hash_sha256_hex(key, len, c->key_sha256[c->nkeys++]);
	return 0;
}

static int
add_keys(struct sandbox_config *c, const char *text, const char *where, struct error *err)
{
	while (*text != '\0') {
		const size_t len = strcspn(text, "\r\n");

		if (len > 0 && add_key(c, text, len, where, err) < 0)
			return -1;
		text += len;
		text += strspn(text, "\r\n");
	}
	return c->nkeys > 0 ? 0 : error_set(err, ERROR_INVALID, "%s: holds no key", where);
}

static int
read_keys(struct sandbox_config *c, const char *path, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (file_read(path, KEYS_MAX_BYTES, &text, &len, err) < 0)
		return error_add(err, "sandbox key");
	const int rc = strlen(text) != len
	    ? error_set(err, ERROR_INVALID, "%s: a key is visible ASCII", path)
	    : add_keys(c, text, path, err);
	explicit_bzero(text, len);
	if (secret_is_loose(path))
		snprintf(c->loose_file, sizeof(c->loose_file), "%s", path);
	return rc;
}

/* The first start makes one, which janus-platform reads from the same place. */
static int
make_key(const char *path, struct error *err)
{
	char random[KEY_RANDOM + 1];
	_cleanup_free_ char *key = str_printf("jns_sb_%s\n", id_random_base62(random, KEY_RANDOM));

	const int rc = file_write(path, key, strlen(key), 0600, err);
	explicit_bzero(key, strlen(key));
	explicit_bzero(random, sizeof(random));
	return rc < 0 ? error_add(err, "sandbox key") : 0;
}

static int
find_keys(struct sandbox_config *c, sandbox_env_fn *env, struct error *err)
{
	const char *key = value_of(env, "SANDY_API_KEY");
	_cleanup_free_ char *path = secret_credential("SANDY_API_KEY", env);

	if (key != NULL && c->key_file[0] != '\0')
		return error_set(
		    err, ERROR_INVALID, "SANDY_API_KEY and SANDY_API_KEY_FILE are both set");
	if (path != NULL)
		return read_keys(c, path, err);
	if (key != NULL)
		return add_keys(c, key, "SANDY_API_KEY", err);
	if (c->key_file[0] != '\0')
		return read_keys(c, c->key_file, err);
	path = str_printf("%s/sandbox.key", c->state_dir);
	if (access(path, F_OK) < 0 &&
	    (file_mkdirs(c->state_dir, 0750, err) < 0 || make_key(path, err) < 0))
		return -1;
	return read_keys(c, path, err);
}

/* Whoever may run competitors has a key that lets nobody else do it. */
static int
find_hosting_keys(struct sandbox_config *c, sandbox_env_fn *env, struct error *err)
{
	_cleanup_free_ char *credential = secret_credential("JANUS_SANDBOX_HOSTING_KEY", env);

	c->hosting_from = c->nkeys;
	if (credential != NULL)
		str_replace(&c->hosting_key_file, credential);
	if (c->hosting_key_file[0] == '\0')
		return 0;
	if (read_keys(c, c->hosting_key_file, err) < 0)
		return error_add(err, "JANUS_SANDBOX_HOSTING_KEY_FILE");
	if (c->nkeys == c->hosting_from)
		return error_set(err, ERROR_INVALID, "%s: holds no key", c->hosting_key_file);
	for (size_t i = c->hosting_from; i < c->nkeys; i++)
		for (size_t j = 0; j < c->hosting_from; j++)
			if (strcmp(c->key_sha256[i], c->key_sha256[j]) == 0)
				return error_set(err, ERROR_INVALID,
				    "%s: holds a key that is for sandboxes too",
				    c->hosting_key_file);
	return 0;
}

/* ---- */

static int
check(const struct sandbox_config *c, struct error *err)
{
	if (strlen(c->runtime_dir) > 40)
		return error_set(err, ERROR_INVALID,
		    "JANUS_RUNTIME_DIR: %.60s is longer than 40 bytes: socket paths below it would "
		    "not fit",
		    c->runtime_dir);
	/* Files are memory: with both full there must be some left for programs. */
	if (c->disk_bytes > c->memory_bytes * 3 / 8)
		return error_set(err, ERROR_INVALID,
		    "JANUS_SANDBOX_DISK: at most three eighths of JANUS_SANDBOX_MEMORY, which "
		    "holds two of them");
	if (c->memory_bytes > c->total_memory_bytes)
		return error_set(err, ERROR_INVALID,
		    "JANUS_SANDBOX_MEMORY: one sandbox would have more than "
		    "JANUS_SANDBOX_TOTAL_MEMORY");
	if (c->ttl_ms > c->ttl_max_ms || c->exec_ms > c->exec_max_ms)
		return error_set(err, ERROR_INVALID,
		    "JANUS_SANDBOX_%s: longer than the longest that may be asked for",
		    c->ttl_ms > c->ttl_max_ms ? "TTL" : "EXEC_TIMEOUT");
	return 0;
}

int
sandbox_config_read(
    struct sandbox_config *out, sandbox_env_fn *env, unsigned user, struct error *err)
{
	_cleanup_(sandbox_config_done) struct sandbox_config c = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const char *origin;
		_cleanup_free_ char *text = find(&settings[i], env, user, &origin);

		if (settings[i].parse(text, (char *)&c + settings[i].at, err) < 0)
			return error_add(err, "%s", settings[i].name);
	}
	if (check(&c, err) < 0 || find_keys(&c, env, err) < 0 ||
	    find_hosting_keys(&c, env, err) < 0)
		return -1;
	*out = c;
	c = (struct sandbox_config){ 0 };
	return 0;
}

void
sandbox_config_done(struct sandbox_config *c)
{
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (settings[i].parse == setting_string)
			free(*(char **)((char *)c + settings[i].at));
	*c = (struct sandbox_config){ 0 };
}

int
sandbox_config_print(FILE *out, sandbox_env_fn *env, unsigned user, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
		const char *origin;
		_cleanup_free_ char *text = find(&settings[i], env, user, &origin);

		fprintf(out, "%-28s %-20s # %s: %s\n", settings[i].name,
		    text[0] != '\0' ? text : "\"\"", origin, settings[i].help);
	}
	return 0;
}
