/*
 * component_contract.c - an OpenAPI document or the tools of an MCP server: are they what they say?
 *
 * Their form only: schemas in them are JSON Schema, and that is for whoever calls.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/registry/component_manifest.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/map.h"
#include "runtime/base/str.h"

#define PATHS_MAX 200
#define TOOLS_MAX 128
#define TOOL_NAME_MAX 64
#define TEXT_MAX_BYTES 8000

static const char *const methods[] = { "get", "put", "post", "delete", "options", "head", "patch",
	"trace", NULL };

static bool
is_method(const char *key)
{
	for (size_t i = 0; methods[i] != NULL; i++)
		if (strcmp(methods[i], key) == 0)
			return true;
	return false;
}

int
component_operations(const cJSON *document)
{
	const cJSON *path, *item;
	int n = 0;

	json_for_each(path, json_get(document, "paths")) {
		if (!cJSON_IsObject(path)) /* what stands in a list has no name */
			continue;
		json_for_each(item, path)
			n += is_method(item->string);
	}
	return n;
}

/* What refers to elsewhere would have to be fetched by whoever reads it. */
static int
check_depth(const cJSON *v, int depth, struct component_fault *f)
{
	const cJSON *item;

	if (depth > COMPONENT_DEPTH_MAX)
		return component_fault_set(f, COMPONENT_TOO_BIG, "contract",
		    "'contract' is nested deeper than %d.", COMPONENT_DEPTH_MAX);
	json_for_each(item, v) {
		if (cJSON_IsObject(v) && str_eq(item->string, "$ref") && cJSON_IsString(item) &&
		    item->valuestring[0] != '#')
			return component_fault_set(f, COMPONENT_INVALID, "contract",
			    "'contract' refers to '%.80s', which is not in it.", item->valuestring);
		if (check_depth(item, depth + 1, f) < 0)
			return -1;
	}
	return 0;
}

static int
check_text(const cJSON *object, const char *key, const char *at, struct component_fault *f)
{
	const cJSON *v = json_get(object, key);
	char path[160];

	snprintf(path, sizeof(path), "%.120s.%s", at, key);
	if (!cJSON_IsString(v))
		return component_fault_set(f, v == NULL ? COMPONENT_MISSING : COMPONENT_INVALID,
		    path, "'%.120s' is required, as a string.", path);
	return component_text_check(f, path, v->valuestring, TEXT_MAX_BYTES, true);
}

/* ---- OpenAPI ---- */

static int
check_parameters(const cJSON *list, const char *at, struct component_fault *f)
{
	const cJSON *p;

	if (list == NULL)
		return 0;
	if (!cJSON_IsArray(list))
		return component_fault_set(f, COMPONENT_INVALID, at, "'%.100s' is a list.", at);
	json_for_each(p, list)
		if (json_str(p, "$ref") == NULL &&
		    (json_str(p, "name") == NULL || json_str(p, "in") == NULL))
			return component_fault_set(f, COMPONENT_INVALID, at,
			    "Each of '%.100s' has a 'name' and an 'in', or a '$ref'.", at);
	return 0;
}

static int
check_operation(const cJSON *op, const char *at, struct map *ids, struct component_fault *f)
{
	const char *id = json_str(op, "operationId");
	char path[160];

	if (!cJSON_IsObject(op))
		return component_fault_set(f, COMPONENT_INVALID, at, "'%.120s' is an object.", at);
	if (!cJSON_IsObject(json_get(op, "responses"))) {
		snprintf(path, sizeof(path), "%.140s.responses", at);
		return component_fault_set(
		    f, COMPONENT_MISSING, path, "'%.140s' is required, as an object.", path);
	}
	if (id != NULL && map_put(ids, id, (void *)(uintptr_t)op) != NULL)
		return component_fault_set(
		    f, COMPONENT_INVALID, at, "The operationId '%.60s' is used twice.", id);
	snprintf(path, sizeof(path), "%.140s.parameters", at);
	return check_parameters(json_get(op, "parameters"), path, f);
}

static int
check_path(const cJSON *item, struct map *ids, struct component_fault *f)
{
	char at[160];
	const cJSON *op;

	snprintf(at, sizeof(at), "contract.document.paths.%.100s", item->string);
	if (item->string[0] != '/' || !cJSON_IsObject(item))
		return component_fault_set(f, COMPONENT_INVALID, at,
		    "A path begins with '/', and is an object of operations.");
	json_for_each(op, item) {
		snprintf(at, sizeof(at), "contract.document.paths.%.100s.%.12s", item->string,
		    op->string);
		if (is_method(op->string) && check_operation(op, at, ids, f) < 0)
			return -1;
	}
	snprintf(at, sizeof(at), "contract.document.paths.%.90s.parameters", item->string);
	return check_parameters(json_get(item, "parameters"), at, f);
}

static int
check_openapi(const cJSON *document, struct component_fault *f)
{
	static const char at[] = "contract.document";
	const char *version = json_str(document, "openapi");
	const cJSON *paths = json_get(document, "paths"), *path;
	_cleanup_(map_done) struct map ids = { 0 };

	if (!cJSON_IsObject(document))
		return component_fault_set(
		    f, COMPONENT_INVALID, at, "'%s' is an object: OpenAPI 3.", at);
	if (version == NULL || !str_starts(version, "3."))
		return component_fault_set(f, COMPONENT_INVALID, "contract.document.openapi",
		    "'contract.document.openapi' is a version of OpenAPI 3, as \"3.1.0\".");
	if (check_text(json_get(document, "info"), "title", "contract.document.info", f) < 0 ||
	    check_text(json_get(document, "info"), "version", "contract.document.info", f) < 0)
		return -1;
	if (!cJSON_IsObject(paths) || cJSON_GetArraySize(paths) > PATHS_MAX ||
	    component_operations(document) == 0)
		return component_fault_set(f, COMPONENT_INVALID, "contract.document.paths",
		    "'contract.document.paths' has 1 to %d paths, with an operation at least.",
		    PATHS_MAX);
	json_for_each(path, paths)
		if (check_path(path, &ids, f) < 0)
			return -1;
	return 0;
}

/* ---- MCP ---- */

static bool
tool_name_valid(const char *name)
{
	const size_t len = name != NULL ? strlen(name) : 0;

	return len > 0 && len <= TOOL_NAME_MAX &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
	    len;
}

static int
check_schema(
    const cJSON *tool, const char *key, bool required, const char *at, struct component_fault *f)
{
	const cJSON *schema = json_get(tool, key);
	char path[160];

	if (schema == NULL && !required)
		return 0;
	if (cJSON_IsObject(schema) && str_eq(json_str(schema, "type"), "object"))
		return 0;
	snprintf(path, sizeof(path), "%.100s.%s", at, key);
	return component_fault_set(f, schema == NULL ? COMPONENT_MISSING : COMPONENT_INVALID, path,
	    "'%.100s' is a JSON Schema with \"type\": \"object\".", path);
}

static int
check_tool(const cJSON *tool, int i, struct map *names, struct component_fault *f)
{
	static const char *const known[] = { "name", "title", "description", "inputSchema",
		"outputSchema", "annotations", NULL };
	const char *name = json_str(tool, "name");
	char at[64], path[96];

	snprintf(at, sizeof(at), "contract.tools[%d]", i);
	snprintf(path, sizeof(path), "%s.name", at);
	if (!cJSON_IsObject(tool))
		return component_fault_set(f, COMPONENT_INVALID, at, "'%s' is an object.", at);
	if (component_words_unknown(f, at, tool, known) < 0)
		return -1;
	if (!tool_name_valid(name))
		return component_fault_set(f, COMPONENT_INVALID, path,
		    "'%s' is required: 1 to %d letters, digits, '_', '-' and '.'.", path,
		    TOOL_NAME_MAX);
	if (map_put(names, name, (void *)(uintptr_t)tool) != NULL)
		return component_fault_set(
		    f, COMPONENT_INVALID, path, "There are two tools '%s'.", name);
	if ((json_get(tool, "description") != NULL && check_text(tool, "description", at, f) < 0) ||
	    (json_get(tool, "title") != NULL && check_text(tool, "title", at, f) < 0))
		return -1;
	return check_schema(tool, "inputSchema", true, at, f) < 0
	    ? -1
	    : check_schema(tool, "outputSchema", false, at, f);
}

static int
check_tools(const cJSON *tools, struct component_fault *f)
{
	const int n = cJSON_GetArraySize(tools);
	_cleanup_(map_done) struct map names = { 0 };
	const cJSON *tool;
	int i = 0;

	if (!cJSON_IsArray(tools) || n < 1 || n > TOOLS_MAX)
		return component_fault_set(f, COMPONENT_INVALID, "contract.tools",
		    "'contract.tools' is a list of 1 to %d tools.", TOOLS_MAX);
	json_for_each(tool, tools)
		if (check_tool(tool, i++, &names, f) < 0)
			return -1;
	return 0;
}

/* ---- either ---- */

static int
check_one_of(const cJSON *contract, const char *inside, struct component_fault *f)
{
	const cJSON *url = json_get(contract, "url");

	if ((url != NULL) == (json_get(contract, inside) != NULL))
		return component_fault_set(f, COMPONENT_MISSING, "contract",
		    "'contract' has either '%s', the contract itself, or 'url', where it is.",
		    inside);
	if (url == NULL)
		return 0;
	return cJSON_IsString(url) ? component_url_check(f, "contract.url", url->valuestring)
				   : component_fault_set(f, COMPONENT_INVALID, "contract.url",
					 "'contract.url' is a string.");
}

int
component_contract_check(const cJSON *contract, struct component_fault *f)
{
	static const char *const openapi[] = { "type", "document", "url", NULL };
	static const char *const mcp[] = { "type", "tools", "url", NULL };
	const char *type = json_str(contract, "type");
	const bool is_mcp = str_eq(type, "mcp");

	if (!is_mcp && !str_eq(type, "openapi"))
		return component_fault_set(f,
		    json_get(contract, "type") == NULL ? COMPONENT_MISSING : COMPONENT_INVALID,
		    "contract.type", "'contract.type' is openapi or mcp.");
	if (component_words_unknown(f, "contract", contract, is_mcp ? mcp : openapi) < 0 ||
	    check_one_of(contract, is_mcp ? "tools" : "document", f) < 0 ||
	    check_depth(contract, 0, f) < 0)
		return -1;
	if (json_get(contract, "url") != NULL)
		return 0;
	return is_mcp ? check_tools(json_get(contract, "tools"), f)
		      : check_openapi(json_get(contract, "document"), f);
}
