/*
 * fuzz_forwarded.c - any text as a chain of addresses and as a list of networks: the client that comes
 * out is an address, and an untrusted one at the end of the chain is it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/gateway/forwarded.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = str_ndup((const char *)data, size);
	_cleanup_free_ char *more = str_printf("%s, 203.0.113.9", text);
	struct proxies *of_text = proxies_new(text, NULL);
	struct proxies *known = proxies_new("10.0.0.0/8 fd00::/8", NULL);
	struct in6_addr any;
	char out[48] = "";

	if (forwarded_client(known, text, out, sizeof(out)) && inet_pton(AF_INET, out, &any) != 1 &&
	    inet_pton(AF_INET6, out, &any) != 1)
		abort();
	if (!forwarded_client(known, more, out, sizeof(out)) || strcmp(out, "203.0.113.9") != 0)
		abort();
	proxies_trust(of_text, "203.0.113.9");
	proxies_free(of_text);
	proxies_free(known);
	return 0;
}
