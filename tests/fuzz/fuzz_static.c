/*
 * fuzz_static.c - any text as Accept-Encoding and as a path: a coding is one that the file is kept in,
 * and a path that is found is in the table.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/static_files.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "runtime/net/accept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = str_ndup((const char *)data, size);
	_cleanup_free_ char *more = str_printf("%s,x-last;q=0.125", text);
	const struct static_file *found = static_find(text);
	size_t len;
	const struct static_file *all = static_files(&len);

	if (found != NULL && strcmp(found->path, text) != 0)
		abort();
	if (static_is_page(text) && (text[0] != '/' || strstr(text, "..") != NULL))
		abort();
	for (size_t i = 0; i < len; i++) {
		const enum static_coding c = static_choose(&all[i], text);

		if (c != STATIC_IDENTITY &&
		    (all[i].as[c].len == 0 ||
			(accept_quality(text, static_coding_name(c)) <= 0 &&
			    accept_quality(text, "*") <= 0)))
			abort();
	}
	if (strcasestr(text, "x-last") == NULL && accept_quality(more, "x-last") != 125)
		abort();
	return 0;
}
