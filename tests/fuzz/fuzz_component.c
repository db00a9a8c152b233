/*
 * fuzz_component.c - any JSON as the manifest of a component: refused with a member and words, or taken
 * apart into two texts that are JSON again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/component_manifest.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/semver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_text(const char *text)
{
	_cleanup_json_ cJSON *json = NULL;

	if (*text != '\0' && json_parse(text, strlen(text), &json, NULL) < 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_json_ cJSON *json = NULL;
	struct component_fault f;
	struct component row = { 0 };

	if (json_parse((const char *)data, size, &json, NULL) < 0)
		return 0;
	if (component_manifest_check(json, &f) < 0) {
		if (f.kind == COMPONENT_FINE || f.text[0] == '\0')
			abort();
		return 0;
	}
	component_manifest_split(json, &row);
	if (!component_id_valid(row.id) || !semver_valid(row.version) ||
	    semver_compare(row.version, row.version) != 0)
		abort();
	check_text(row.manifest);
	check_text(row.contract);
	free(row.manifest);
	free(row.contract);
	return 0;
}
