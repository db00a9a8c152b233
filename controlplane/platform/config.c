/*
 * config.c - read the environment and the key.
 */
#include "controlplane/platform/config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"

#define KEY_MAX_BYTES 4096
#define CREDENTIAL_NAME "janus_provider_api_key"

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

static int
read_key_file(const char *path, char **out, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (file_read(path, KEY_MAX_BYTES, &text, &len, err) < 0)
		return error_add(err, "provider key");
	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL)
		text[--len] = '\0';
	if (strlen(text) != len || len == 0)
		return error_set(err, ERROR_INVALID, "provider key: %s holds no key", path);
	*out = TAKE(text);
	return 0;
}

/* *out stays NULL where there is no key; *usual is the address that goes with it. */
static int
find_key(platform_env_fn *env, char **out, const char **usual, struct error *err)
{
	const char *dir = value_of(env, "CREDENTIALS_DIRECTORY");
	const char *key = value_of(env, "JANUS_PROVIDER_API_KEY");
	const char *file = value_of(env, "JANUS_PROVIDER_API_KEY_FILE");

	*usual = "https://api.openai.com/v1";
	if (dir != NULL) {
		_cleanup_free_ char *path = str_printf("%s/" CREDENTIAL_NAME, dir);

		if (access(path, F_OK) == 0)
			return read_key_file(path, out, err);
	}
	if (key != NULL && file != NULL)
		return error_set(err, ERROR_INVALID,
		    "JANUS_PROVIDER_API_KEY and JANUS_PROVIDER_API_KEY_FILE are both set");
	if (file != NULL)
		return read_key_file(file, out, err);
	if (key == NULL)
		key = value_of(env, "OPENAI_API_KEY");
	if (key == NULL && (key = value_of(env, "CHUTES_API_KEY")) != NULL)
		*usual = "https://llm.chutes.ai/v1";
	*out = str_dup(key);
	return 0;
}

int
platform_config_read(
    struct platform_config *out, platform_env_fn *env, unsigned user, struct error *err)
{
	const char *base_url = value_of(env, "JANUS_PROVIDER_BASE_URL"), *usual;
	_cleanup_free_ char *key = NULL;

	if (find_key(env, &key, &usual, err) < 0)
		return -1;
	if (key != NULL && strpbrk(key, "\r\n") != NULL)
		return error_set(err, ERROR_INVALID, "the provider key holds a line break");
	if (base_url == NULL)
		base_url = value_of(env, "OPENAI_BASE_URL");
	if (base_url == NULL && key != NULL)
		base_url = usual;
	*out = (struct platform_config){
		.runtime_dir = find_runtime_dir(env, user),
		.base_url = str_dup(base_url),
		.model = str_dup(value_of(env, "JANUS_PROVIDER_MODEL")),
		.api_key = key != NULL ? TAKE(key) : str_dup(""),
	};
	return 0;
}

void
platform_config_done(struct platform_config *c)
{
	free(c->runtime_dir);
	free(c->base_url);
	free(c->api_key);
	free(c->model);
	*c = (struct platform_config){ 0 };
}
