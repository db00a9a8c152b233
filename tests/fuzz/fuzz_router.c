/*
 * fuzz_router.c - any path against patterns: what matches is clean, and stays so when decoded.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/net/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const patterns[] = { "/", "/a/:id", "/a/:id/b", "/:a/:b/:c/:d" };
	_cleanup_free_ char *path = str_ndup((const char *)data, size);

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		struct route_params params;

		if (!route_match(patterns[i], path, &params))
			continue;
		if (!route_path_clean(path) || params.len > ROUTE_MAX_PARAMS)
			abort();
		for (size_t at = 0; at < params.len; at++) {
			const char *value = params.at[at].value;

			if (value[0] == '\0' || strpbrk(value, "/\\%\r\n") != NULL ||
			    strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
				abort();
		}
	}
	return 0;
}
