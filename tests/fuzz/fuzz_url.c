/*
 * fuzz_url.c - any text as a URL; what is accepted reads the same when written again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"
#include "runtime/net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
parse(const char *text)
{
	_cleanup_buf_ struct buf again = { 0 };
	struct url url, second;
	struct error err;

	if (url_parse(text, &url, &err) < 0)
		return;
	const bool is_v6 = strchr(url.host, ':') != NULL;
	buf_printf(&again, "http%s://%s%s%s:%d%s", url.tls ? "s" : "", is_v6 ? "[" : "", url.host,
	    is_v6 ? "]" : "", url.port, url.path);
	if (url_parse(again.data, &second, &err) < 0 || second.tls != url.tls ||
	    second.port != url.port || strcmp(second.host, url.host) != 0 ||
	    strcmp(second.path, url.path) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = str_ndup((const char *)data, size);
	_cleanup_free_ char *decoded = NULL;

	parse(text);
	if (url_decode((const char *)data, size, &decoded) == 0) {
		_cleanup_buf_ struct buf encoded = { 0 };
		_cleanup_free_ char *back = NULL;

		url_encode(&encoded, decoded);
		if (url_decode(buf_str(&encoded), encoded.len, &back) < 0 ||
		    strcmp(back, decoded) != 0)
			abort();
	}
	return 0;
}
