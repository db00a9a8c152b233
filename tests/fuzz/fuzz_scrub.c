/*
 * fuzz_scrub.c - any text without its secrets: no key of ours is left, JSON stays JSON, and doing it
 * again changes nothing.
 */
#include <cjson/cJSON.h>
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/diagnose/scrub.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
no_key(const char *text, size_t len)
{
	static const char prefix[] = "jns_sk_";
	const char *at = text, *end = text + len;
	size_t n;

	while ((at = memmem(at, (size_t)(end - at), prefix, sizeof(prefix) - 1)) != NULL) {
		at += sizeof(prefix) - 1;
		for (n = 0; at + n < end &&
		     (isalnum((unsigned char)at[n]) || at[n] == '_' || at[n] == '-');)
			n++;
		if (n >= 8)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf out = { 0 }, again = { 0 };
	_cleanup_json_ cJSON *before = NULL, *after = NULL;

	scrub(&out, (const char *)data, size);
	no_key(buf_str(&out), out.len);
	scrub(&again, buf_str(&out), out.len);
	if (again.len != out.len || memcmp(buf_str(&again), buf_str(&out), out.len) != 0)
		abort();
	if (json_parse((const char *)data, size, &before, NULL) == 0 &&
	    json_parse(buf_str(&out), out.len, &after, NULL) < 0)
		abort();
	return 0;
}
