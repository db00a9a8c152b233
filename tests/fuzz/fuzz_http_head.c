/*
 * fuzz_http_head.c - a head that was taken is taken whole, and no part of it was refused.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/net/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	const char *const bytes = (const char *)input;
	struct http_head head, again;
	const long n = http_head_parse(bytes, size, &head, NULL);

	if (n <= 0)
		return 0;
	if ((size_t)n > size || n > HTTP_HEAD_MAX || memcmp(bytes + n - 4, "\r\n\r\n", 4) != 0)
		abort();
	if (head.status < 100 || head.status > 599 || head.content_length < -1 ||
	    (head.chunked && head.content_length >= 0))
		abort();
	/* What follows the head does not change it; less is not enough. */
	if (http_head_parse(bytes, (size_t)n, &again, NULL) != n || again.status != head.status)
		abort();
	if (http_head_parse(bytes, (size_t)n - 1, &again, NULL) != 0 ||
	    http_head_parse(bytes, (size_t)n / 2, &again, NULL) != 0)
		abort();
	return 0;
}
