/*
 * config.c - read the environment and the key.
 */
#include "controlplane/platform/config.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/secret.h"
#include "runtime/base/str.h"
#include "runtime/net/url.h"

static const char *
value_of(platform_env_fn *env, const char *name)
{
	const char *value = env(name);

	return value != NULL && *value != '\0' ? value : NULL;
}

static char *
find_runtime_dir(platform_env_fn *env, unsigned user)
{
	const char *dir = value_of(env, "JANUS_RUNTIME_DIR");

	if (dir == NULL)
		dir = value_of(env, "RUNTIME_DIRECTORY");
	if (dir != NULL)
		return str_dup(dir);
	dir = value_of(env, "XDG_RUNTIME_DIR");
	return user != 0 && dir != NULL && *dir == '/' ? str_printf("%s/janus", dir)
						       : str_dup("/run/janus");
}

static char *
find_state_dir(platform_env_fn *env, unsigned user)
{
	const char *dir = value_of(env, "JANUS_STATE_DIR");
	const char *home = value_of(env, "HOME");

	if (dir == NULL)
		dir = value_of(env, "STATE_DIRECTORY");
	if (dir != NULL)
		return str_printf("%s/platform", dir);
	if (user == 0)
		return str_dup("/var/lib/janus/platform");
	dir = value_of(env, "XDG_STATE_HOME");
	if (dir != NULL && *dir == '/')
		return str_printf("%s/janus/platform", dir);
	return str_printf("%s/.local/state/janus/platform", home != NULL ? home : "/tmp");
}

/* The first file of a secret that others may read is told of. */
static void
note_loose(struct platform_config *c, const char *file)
{
	if (file != NULL && c->loose_file == NULL && secret_is_loose(file))
		c->loose_file = str_dup(file);
}

/* "" where there is no key; *usual is the address that goes with it. */
static int
find_key(platform_env_fn *env, struct platform_config *c, const char **usual, struct error *err)
{
	static const char *const names[] = { "JANUS_PROVIDER_API_KEY", "OPENAI_API_KEY",
		"CHUTES_API_KEY", NULL };
	struct secret key;

	if (secret_find(names, env, &key, err) < 0)
		return error_add(err, "the provider's key");
	*usual = key.name == NULL                ? NULL
	    : str_eq(key.name, "CHUTES_API_KEY") ? "https://llm.chutes.ai/v1"
						 : "https://api.openai.com/v1";
	note_loose(c, key.file);
	c->api_key = key.text != NULL ? TAKE(key.text) : str_dup("");
	secret_forget(&key);
	return 0;
}

static int
find_search_key(platform_env_fn *env, struct platform_config *c, struct error *err)
{
	static const char *const names[] = { "JANUS_SEARCH_API_KEY", NULL };
	struct secret key;

	if (secret_find(names, env, &key, err) < 0)
		return error_add(err, "the search key");
	note_loose(c, key.file);
	c->search_key = key.text != NULL ? TAKE(key.text) : str_dup("");
	secret_forget(&key);
	return 0;
}

static const char *
value_of_either(platform_env_fn *env, const char *name, const char *other)
{
	const char *value = value_of(env, name);

	return value != NULL ? value : value_of(env, other);
}

/* state_dir is ours, below that of Janus, where janus-sandboxd puts its key. */
static int
find_sandboxes(platform_env_fn *env, struct platform_config *out, struct error *err)
{
	const char *url = value_of_either(env, "JANUS_SANDY_BASE_URL", "SANDY_BASE_URL");
	const char *key = value_of_either(env, "JANUS_SANDY_API_KEY", "SANDY_API_KEY");
	const char *file = value_of_either(env, "JANUS_SANDY_API_KEY_FILE", "SANDY_API_KEY_FILE");
	const char *port = value_of(env, "JANUS_SANDBOX_PORT");
	_cleanup_free_ char *credential = secret_credential("SANDY_API_KEY", env);
	struct url at;

	if (key != NULL && file != NULL)
		return error_set(
		    err, ERROR_INVALID, "SANDY_API_KEY and SANDY_API_KEY_FILE are both set");
	if (key != NULL && strpbrk(key, "\r\n") != NULL)
		return error_set(err, ERROR_INVALID, "SANDY_API_KEY holds a line break");
	if (url != NULL && url_parse(url, &at, err) < 0)
		return error_add(err, "SANDY_BASE_URL");
	out->sandbox_url = url != NULL
	    ? str_dup(url)
	    : str_printf("http://127.0.0.1:%s", port != NULL ? port : "8601");
	if (credential != NULL) {
		key = NULL;
		file = credential;
	}
	note_loose(out, file);
	out->sandbox_key = str_dup(key);
	out->sandbox_key_file =
	    file != NULL ? str_dup(file) : str_printf("%s/../sandbox.key", out->state_dir);
	return 0;
}

/* The address without a slash at its end; *out stays NULL where there is none. */
static int
find_search_url(platform_env_fn *env, char **out, struct error *err)
{
	const char *text = value_of(env, "JANUS_SEARCH_URL");
	const char *kind = value_of(env, "JANUS_SEARCH_KIND");
	struct url url;

	if (kind != NULL && !str_eq(kind, "searxng") && !str_eq(kind, "brave"))
		return error_set(err, ERROR_INVALID, "JANUS_SEARCH_KIND is searxng or brave");
	if (text == NULL)
		return 0;
	if (url_parse(text, &url, err) < 0)
		return error_add(err, "JANUS_SEARCH_URL");
	*out = str_dup(text);
	for (size_t len = strlen(text); len > 0 && text[len - 1] == '/'; len--)
		(*out)[len - 1] = '\0';
	return 0;
}

int
platform_config_read(
    struct platform_config *out, platform_env_fn *env, unsigned user, struct error *err)
{
	const char *base_url = value_of(env, "JANUS_PROVIDER_BASE_URL"), *usual = NULL;
	const char *kind = value_of(env, "JANUS_SEARCH_KIND");
	const char *search_dir = value_of(env, "JANUS_SEARCH_DIR");
	const char *extension = value_of(env, "JANUS_VECTOR_EXTENSION");
	_cleanup_free_ char *search_url = NULL;
	_cleanup_(platform_config_done) struct platform_config keys = { 0 };

	if (find_key(env, &keys, &usual, err) < 0 || find_search_key(env, &keys, err) < 0 ||
	    find_search_url(env, &search_url, err) < 0)
		return -1;
	if (base_url == NULL)
		base_url = value_of(env, "OPENAI_BASE_URL");
	if (base_url == NULL)
		base_url = usual;
	*out = (struct platform_config){
		.runtime_dir = find_runtime_dir(env, user),
		.state_dir = find_state_dir(env, user),
		.search_url = TAKE(search_url),
		.search_dir = str_dup(search_dir != NULL ? search_dir : "/usr/share/doc/janus"),
		.vector_extension = str_eq(extension, "none")
		    ? NULL
		    : str_dup(extension != NULL ? extension : "vec0"),
		.test_loopback = str_dup(value_of(env, "JANUS_PLATFORM_TEST_LOOPBACK")),
		.is_searxng = !str_eq(kind, "brave"),
		.prices = str_dup(value_of(env, "JANUS_INFERENCE_PRICES")),
		.policy = str_dup(value_of(env, "JANUS_PLATFORM_POLICY")),
		.base_url = str_dup(base_url),
		.model = str_dup(value_of(env, "JANUS_PROVIDER_MODEL")),
	};
	out->api_key = TAKE(keys.api_key);
	out->search_key = TAKE(keys.search_key);
	out->loose_file = TAKE(keys.loose_file);
	if (find_sandboxes(env, out, err) == 0)
		return 0;
	platform_config_done(out);
	return -1;
}

void
platform_config_done(struct platform_config *c)
{
	free(c->runtime_dir);
	free(c->state_dir);
	free(c->search_url);
	free(c->search_key);
	free(c->search_dir);
	free(c->vector_extension);
	free(c->test_loopback);
	free(c->sandbox_url);
	free(c->sandbox_key);
	free(c->sandbox_key_file);
	free(c->prices);
	free(c->policy);
	free(c->base_url);
	free(c->api_key);
	free(c->model);
	free(c->loose_file);
	*c = (struct platform_config){ 0 };
}
