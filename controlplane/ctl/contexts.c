/*
 * contexts.c - the file of contexts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/ctl/contexts.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define FILE_MAX_BYTES ((size_t)1 << 20)

static char *
config_dir(struct error *err)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (xdg != NULL && xdg[0] == '/')
		return str_printf("%s/janus", xdg);
	if (home != NULL && home[0] == '/')
		return str_printf("%s/.config/janus", home);
	error_set(err, ERROR_INVALID, "contexts: neither XDG_CONFIG_HOME nor HOME says where");
	return NULL;
}

static cJSON *
empty_list(void)
{
	cJSON *list = cJSON_CreateObject();

	json_add_str(list, "object", "list");
	json_add_arr(list, "data");
	return list;
}

cJSON *
contexts_load(struct error *err)
{
	_cleanup_free_ char *dir = config_dir(err);
	_cleanup_free_ char *path = dir == NULL ? NULL : str_printf("%s/contexts.json", dir);
	_cleanup_free_ char *text = NULL;
	_cleanup_json_ cJSON *list = NULL;
	size_t len;

	if (path == NULL)
		return NULL;
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return empty_list();
	if (file_read(path, FILE_MAX_BYTES, &text, &len, err) < 0)
		return NULL;
	if (json_parse(text, len, &list, err) < 0) {
		error_add(err, "%s", path);
		return NULL;
	}
	if (!cJSON_IsArray(json_get(list, "data"))) {
		error_set(err, ERROR_INVALID, "%s: not a list of contexts", path);
		return NULL;
	}
	return TAKE(list);
}

int
contexts_save(const cJSON *list, struct error *err)
{
	_cleanup_free_ char *dir = config_dir(err);
	_cleanup_free_ char *path = dir == NULL ? NULL : str_printf("%s/contexts.json", dir);
	_cleanup_free_ char *text = json_print(list);

	if (path == NULL || file_mkdirs(dir, 0700, err) < 0)
		return -1;
	return file_write(path, text, strlen(text), 0600, err);
}

cJSON *
contexts_find(const cJSON *list, const char *name)
{
	cJSON *item;

	json_for_each(item, json_get(list, "data"))
		if (str_eq(json_str(item, "name"), name))
			return item;
	return NULL;
}

static void
set_member(cJSON *item, const char *key, const char *value)
{
	if (value == NULL && json_get(item, key) != NULL)
		return;
	cJSON_DeleteItemFromObjectCaseSensitive(item, key);
	json_add_str(item, key, value);
}

void
contexts_put(cJSON *list, const char *name, const char *url, const char *key_file)
{
	cJSON *item = contexts_find(list, name);

	if (item == NULL) {
		item = cJSON_CreateObject();
		json_add_str(item, "id", name);
		json_add_str(item, "object", "context");
		json_add_str(item, "name", name);
		cJSON_AddItemToArray(cJSON_GetObjectItemCaseSensitive(list, "data"), item);
	}
	set_member(item, "url", url);
	set_member(item, "api_key_file", key_file);
}

char *
contexts_key_path(const char *name, struct error *err)
{
	_cleanup_free_ char *dir = config_dir(err);
	_cleanup_free_ char *keys = dir == NULL ? NULL : str_printf("%s/keys", dir);

	if (keys == NULL || file_mkdirs(keys, 0700, err) < 0)
		return NULL;
	return str_printf("%s/%s", keys, name);
}
