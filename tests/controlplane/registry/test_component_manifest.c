/*
 * test_component_manifest.c - manifests line by line: what is refused, and which member is named.
 */
#include "controlplane/registry/component_manifest.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "tests/run.h"

#define HEAD                                                                                     \
	"{\"id\":\"cmp.acme.search\",\"version\":\"1.0.0\",\"name\":\"Search\",\"description\":" \
	"\"d\",\"category\":\"research\",\"entrypoint\":\"https://a.example/s\","
#define TOOL(more) "{\"name\":\"find\",\"inputSchema\":{\"type\":\"object\"}" more "}"
#define MCP(tools) HEAD "\"contract\":{\"type\":\"mcp\",\"tools\":[" tools "]}"
#define GOOD MCP(TOOL(""))
#define PATHS(paths)                                                                             \
	HEAD "\"contract\":{\"type\":\"openapi\",\"document\":{\"openapi\":\"3.1.0\",\"info\":{" \
	     "\"title\":\"t\",\"version\":\"1\"},\"paths\":{" paths "}}}}"
#define OP "{\"responses\":{}}"

static int
check(const char *text, struct component_fault *f)
{
	_cleanup_json_ cJSON *json = NULL;
	struct error err = { 0 };

	ck_assert_msg(json_parse(text, strlen(text), &json, &err) == 0, "%s: %s", text, err.text);
	return component_manifest_check(json, f);
}

static const char *const good[] = {
	GOOD "}",
	GOOD ",\"inputs\":[],\"outputs\":[\"text\"],\"tags\":null,\"resources\":{\"cpu\":0.5,"
	     "\"memory_mb\":256},\"integration\":\"curl\\n\\tx\"}",
	GOOD ",\"resources\":{}}",
	MCP(TOOL("") ",{\"name\":\"other\",\"title\":\"t\",\"description\":\"d\",\"inputSchema\":"
		     "{\"type\":\"object\"},\"outputSchema\":{\"type\":\"object\"},"
		     "\"annotations\":{}}") "}",
	HEAD "\"contract\":{\"type\":\"mcp\",\"url\":\"https://a.example/mcp.json\"}}",
	PATHS("\"/s\":{\"get\":" OP "}"),
	PATHS("\"/s\":{\"parameters\":[{\"$ref\":\"#/components/parameters/a\"}],\"post\":" OP
	      ",\"x-more\":1}"),
};

START_TEST(test_good)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct component_fault f;

		ck_assert_msg(check(good[i], &f) == 0, "%s: %s", good[i], f.text);
	}
}
END_TEST

/* Each is a good one but for one member. */
static const struct {
	const char *key, *value; /* value NULL: without it */
	enum component_wrong kind;
	const char *path;
} changed[] = {
	{ "id", NULL, COMPONENT_MISSING, "id" },
	{ "id", "null", COMPONENT_MISSING, "id" },
	{ "id", "7", COMPONENT_INVALID, "id" },
	{ "id", "\"acme.search\"", COMPONENT_INVALID, "id" },
	{ "id", "\"cmp.acme\"", COMPONENT_INVALID, "id" },
	{ "id", "\"cmp.acme.a.b\"", COMPONENT_INVALID, "id" },
	{ "id", "\"cmp..a\"", COMPONENT_INVALID, "id" },
	{ "id", "\"cmp.Acme.a\"", COMPONENT_INVALID, "id" },
	{ "id", "\"cmp.acme.-a\"", COMPONENT_INVALID, "id" },
	{ "id", "\"cmp.acme.../../x\"", COMPONENT_INVALID, "id" },
	{ "id", "\"cmp.janus.search\"", COMPONENT_INVALID, "id" },
	{ "id", "\"cmp.aaaaaaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaa\"", COMPONENT_INVALID, "id" },
	{ "version", "\"1.0\"", COMPONENT_INVALID, "version" },
	{ "version", "1", COMPONENT_INVALID, "version" },
	{ "name", "\"\"", COMPONENT_INVALID, "name" },
	{ "name", "\"a\\nb\"", COMPONENT_INVALID, "name" },
	{ "name", "\"a\\u202Eb\"", COMPONENT_INVALID, "name" }, /* [L08] text that turns around */
	{ "name", "\"a\\u2066b\"", COMPONENT_INVALID, "name" },
	{ "name", "\"a\\u009bb\"", COMPONENT_INVALID, "name" },
	{ "name",
	    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "a\"",
	    COMPONENT_TOO_BIG, "name" },
	{ "description", "\"a\\u001b[31m\"", COMPONENT_INVALID, "description" },
	{ "category", "\"games\"", COMPONENT_INVALID, "category" },
	{ "entrypoint", "\"javascript:alert(1)\"", COMPONENT_INVALID, "entrypoint" },
	{ "entrypoint", "\"https://u:p@a.example/\"", COMPONENT_INVALID, "entrypoint" },
	{ "entrypoint", "\"http://169.254.169.254/\"", COMPONENT_INVALID, "entrypoint" },
	{ "entrypoint", "\"/relative\"", COMPONENT_INVALID, "entrypoint" },
	{ "contract", NULL, COMPONENT_MISSING, "contract" },
	{ "contract", "[]", COMPONENT_INVALID, "contract" },
	{ "contract", "{}", COMPONENT_MISSING, "contract.type" },
	{ "contract", "{\"type\":\"grpc\"}", COMPONENT_INVALID, "contract.type" },
	{ "contract", "{\"type\":\"mcp\"}", COMPONENT_MISSING, "contract" },
	{ "contract", "{\"type\":\"mcp\",\"url\":\"https://a.example/x\",\"tools\":[]}",
	    COMPONENT_MISSING, "contract" },
	{ "contract", "{\"type\":\"mcp\",\"url\":\"ftp://a.example/x\"}", COMPONENT_INVALID,
	    "contract.url" },
	{ "contract", "{\"type\":\"mcp\",\"url\":[]}", COMPONENT_INVALID, "contract.url" },
	{ "contract", "{\"type\":\"mcp\",\"document\":{}}", COMPONENT_UNKNOWN,
	    "contract.document" },
	{ "contract", "{\"type\":\"mcp\",\"tools\":[]}", COMPONENT_INVALID, "contract.tools" },
	{ "contract", "{\"type\":\"mcp\",\"tools\":{}}", COMPONENT_INVALID, "contract.tools" },
	{ "contract", "{\"type\":\"mcp\",\"tools\":[1]}", COMPONENT_INVALID, "contract.tools[0]" },
	{ "contract", "{\"type\":\"mcp\",\"tools\":[{\"name\":\"a b\",\"inputSchema\":{}}]}",
	    COMPONENT_INVALID, "contract.tools[0].name" },
	{ "contract", "{\"type\":\"mcp\",\"tools\":[{\"name\":\"a\"}]}", COMPONENT_MISSING,
	    "contract.tools[0].inputSchema" },
	{ "contract",
	    "{\"type\":\"mcp\",\"tools\":[{\"name\":\"a\",\"inputSchema\":{\"type\":1}}]}",
	    COMPONENT_INVALID, "contract.tools[0].inputSchema" },
	{ "contract", "{\"type\":\"mcp\",\"tools\":[" TOOL("") "," TOOL("") "]}", COMPONENT_INVALID,
	    "contract.tools[1].name" },
	{ "contract", "{\"type\":\"mcp\",\"tools\":[" TOOL(",\"run\":1") "]}", COMPONENT_UNKNOWN,
	    "contract.tools[0].run" },
	{ "contract",
	    "{\"type\":\"mcp\",\"tools\":[{\"name\":\"a\",\"inputSchema\":{\"type\":\"object\","
	    "\"properties\":{\"b\":{\"$ref\":\"https://evil.example/s.json\"}}}}]}",
	    COMPONENT_INVALID, "contract" },
	{ "contract", "{\"type\":\"openapi\",\"document\":[]}", COMPONENT_INVALID,
	    "contract.document" },
	{ "contract", "{\"type\":\"openapi\",\"document\":{\"swagger\":\"2.0\"}}",
	    COMPONENT_INVALID, "contract.document.openapi" },
	{ "contract", "{\"type\":\"openapi\",\"document\":{\"openapi\":\"3.0.0\"}}",
	    COMPONENT_MISSING, "contract.document.info.title" },
	{ "inputs", "\"file\"", COMPONENT_INVALID, "inputs" },
	{ "inputs", "[\"file\",7]", COMPONENT_INVALID, "inputs[1]" },
	{ "outputs", "[\"<b>\"]", COMPONENT_INVALID, "outputs[0]" },
	{ "tags",
	    "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\",\"k\",\"l\",\"m\","
	    "\"n\",\"o\",\"p\",\"q\"]",
	    COMPONENT_TOO_BIG, "tags" },
	{ "resources", "{\"gpu\":1}", COMPONENT_UNKNOWN, "resources.gpu" },
	{ "resources", "{\"cpu\":0}", COMPONENT_INVALID, "resources.cpu" },
	{ "resources", "{\"cpu\":\"2\"}", COMPONENT_INVALID, "resources.cpu" },
	{ "resources", "{\"memory_mb\":1.5}", COMPONENT_INVALID, "resources.memory_mb" },
	{ "resources", "{\"memory_mb\":1e300}", COMPONENT_INVALID, "resources.memory_mb" },
	{ "integration", "7", COMPONENT_INVALID, "integration" },
	{ "price", "1", COMPONENT_UNKNOWN, "price" },
};

START_TEST(test_changed)
{
	_cleanup_json_ cJSON *json = NULL, *value = NULL;
	const char *text = changed[_i].value;
	struct component_fault f;

	ck_assert_int_eq(json_parse(GOOD "}", strlen(GOOD "}"), &json, NULL), 0);
	cJSON_DeleteItemFromObjectCaseSensitive(json, changed[_i].key);
	if (text != NULL) {
		ck_assert_int_eq(json_parse(text, strlen(text), &value, NULL), 0);
		cJSON_AddItemToObject(json, changed[_i].key, TAKE(value));
	}
	ck_assert_msg(component_manifest_check(json, &f) == -1, "%s %s", changed[_i].key, text);
	ck_assert_msg(f.kind == changed[_i].kind && str_eq(f.path, changed[_i].path),
	    "%s %s: %d at '%s': %s", changed[_i].key, text, f.kind, f.path, f.text);
	ck_assert(f.text[0] != '\0');
}
END_TEST

static const struct {
	const char *text, *path;
} documents[] = {
	{ PATHS(""), "contract.document.paths" },
	{ PATHS("\"/s\":{}"), "contract.document.paths" },
	{ PATHS("\"/s\":[{\"get\":" OP "}]"), "contract.document.paths" },
	{ PATHS("\"/s\":[1],\"/t\":{\"get\":" OP "}"), "contract.document.paths./s" },
	{ PATHS("\"s\":{\"get\":" OP "}"), "contract.document.paths.s" },
	{ PATHS("\"/s\":{\"get\":1}"), "contract.document.paths./s.get" },
	{ PATHS("\"/s\":{\"get\":{}}"), "contract.document.paths./s.get.responses" },
	{ PATHS("\"/s\":{\"get\":{\"responses\":{},\"parameters\":[{\"name\":\"a\"}]}}"),
	    "contract.document.paths./s.get.parameters" },
	{ PATHS("\"/s\":{\"get\":{\"responses\":{},\"operationId\":\"a\"},\"put\":{\"responses\":"
		"{},\"operationId\":\"a\"}}"),
	    "contract.document.paths./s.put" },
};

START_TEST(test_documents)
{
	for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
		struct component_fault f;

		ck_assert_msg(check(documents[i].text, &f) == -1, "%s", documents[i].text);
		ck_assert_msg(str_eq(f.path, documents[i].path), "%s: '%s' %s", documents[i].text,
		    f.path, f.text);
	}
}
END_TEST

START_TEST(test_large) /* [B02] */
{
	_cleanup_json_ cJSON *json = NULL;
	struct component_fault f;
	cJSON *at;

	ck_assert_int_eq(json_parse(GOOD "}", strlen(GOOD "}"), &json, NULL), 0);
	at = cJSON_GetArrayItem(
	    cJSON_GetObjectItem(cJSON_GetObjectItem(json, "contract"), "tools"), 0);
	at = cJSON_GetObjectItem(at, "inputSchema");
	for (int i = 0; i < 50; i++)
		at = json_add_obj(at, "properties");
	ck_assert_int_eq(component_manifest_check(json, &f), -1);
	ck_assert_int_eq(f.kind, COMPONENT_TOO_BIG);

	_cleanup_free_ char *long_text = malloc(COMPONENT_CONTRACT_MAX + 1);
	memset(long_text, 'x', COMPONENT_CONTRACT_MAX);
	long_text[COMPONENT_CONTRACT_MAX] = '\0';
	_cleanup_json_ cJSON *big = NULL;
	ck_assert_int_eq(json_parse(GOOD "}", strlen(GOOD "}"), &big, NULL), 0);
	at = cJSON_GetArrayItem(
	    cJSON_GetObjectItem(cJSON_GetObjectItem(big, "contract"), "tools"), 0);
	json_add_str(cJSON_GetObjectItem(at, "inputSchema"), "x", long_text);
	ck_assert_int_eq(component_manifest_check(big, &f), -1);
	ck_assert_str_eq(f.path, "contract");
	ck_assert_int_eq(f.kind, COMPONENT_TOO_BIG);
	ck_assert_int_eq(check("[]", &f), -1);
}
END_TEST

START_TEST(test_split)
{
	_cleanup_json_ cJSON *json = NULL, *manifest = NULL, *contract = NULL;
	struct component row = { 0 };
	char space[NOUN_ID_MAX];

	ck_assert_int_eq(json_parse(good[5], strlen(good[5]), &json, NULL), 0);
	component_manifest_split(json, &row);
	ck_assert_str_eq(row.id, "cmp.acme.search");
	ck_assert_str_eq(row.version, "1.0.0");
	ck_assert_int_eq(json_parse(row.manifest, strlen(row.manifest), &manifest, NULL), 0);
	ck_assert_int_eq(json_parse(row.contract, strlen(row.contract), &contract, NULL), 0);
	ck_assert_ptr_null(json_path(manifest, "contract.document"));
	ck_assert_int_eq((int)json_path(manifest, "contract.operations")->valuedouble, 1);
	ck_assert_str_eq(json_str(contract, "openapi"), "3.1.0");
	component_row_done(&row);
	component_namespace("cmp.acme.search", space);
	ck_assert_str_eq(space, "acme");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("component_manifest");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_good);
	tcase_add_loop_test(tc, test_changed, 0, ARRAY_LEN(changed));
	tcase_add_test(tc, test_documents);
	tcase_add_test(tc, test_large);
	tcase_add_test(tc, test_split);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
