/*
 * fuzz_proxy_head.c - any head of a request to the proxy: what is sent on is one request to the host
 * that was checked, and nothing of ours.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "controlplane/platform/proxy_head.h"
#include "runtime/base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_ours(const char *authorization, const void *arg)
{
	(void)arg;
	return strcasecmp(authorization, "Bearer ours") == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct proxy_head h = { 0 };
	struct error err = { 0 };

	if (proxy_head_parse((const char *)data, size, is_ours, NULL, &h, &err) > 0) {
		const char *out = buf_str(&h.out), *first = strstr(out, "\r\n\r\n");

		if (h.is_connect ? h.out.len != 0
				 : first == NULL || first + 4 != out + h.out.len ||
			    strlen(out) != h.out.len ||
			    strcasestr(out, "\r\nauthorization: Bearer ours\r\n") != NULL)
			abort();
		if (h.at.port <= 0 || h.at.host[0] == '\0' || h.body < 0)
			abort();
	}
	proxy_head_done(&h);
	return 0;
}
