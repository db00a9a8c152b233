/*
 * fuzz_etag.c - any text as a list of tags; a tag that is put at its end in quotes is found, unless a
 * quote before it was left open.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/net/etag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = str_ndup((const char *)data, size);
	_cleanup_free_ char *more = str_printf("%s, \"0123456789abcdef\"", text);

	etag_listed(text, "0123456789abcdef");
	if (strchr(text, '"') == NULL && !etag_listed(more, "0123456789abcdef"))
		abort();
	return 0;
}
