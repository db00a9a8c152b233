/*
 * fuzz_plain_request.c - a request that is plain is one whole request, with lines as every reader sees them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/net/plain_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	const char *const bytes = (const char *)input;
	struct plain_request r, again;

	if (!plain_request_parse(bytes, size, &r))
		return 0;
	if (r.head_len + r.body_len != size || memcmp(bytes + r.head_len - 4, "\r\n\r\n", 4) != 0)
		abort();
	/* Its lines are the request line, the headers and an empty one, and each byte is of one. */
	size_t at = r.target.at + r.target.len + strlen(" HTTP/1.1\r\n");
	for (unsigned i = 0; i < r.nheaders; i++) {
		if (r.headers[i].name.at != at || r.headers[i].name.len == 0 ||
		    r.headers[i].value.at != at + r.headers[i].name.len + 2)
			abort();
		at = r.headers[i].value.at + r.headers[i].value.len + 2u;
		for (size_t k = r.headers[i].name.at; k < at - 2; k++)
			if (bytes[k] < ' ' || bytes[k] > '~')
				abort();
	}
	if (at + 2 != r.head_len)
		abort();
	if (size > 0 && plain_request_parse(bytes, size - 1, &again))
		abort();
	return 0;
}
