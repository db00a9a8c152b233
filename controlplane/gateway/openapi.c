/*
 * openapi.c - docs/openapi.json, as it was when we were built.
 */
#include "controlplane/gateway/openapi.h"

#include "controlplane/gateway/core.h"
#include "runtime/base/file.h"
#include "runtime/base/hash.h"

EMBED(openapi_document, "docs/openapi.json");

void
openapi_get(struct gateway *gw, struct http_request *req)
{
	char etag[HASH_HEX_MAX];

	hash_sha256_hex(openapi_document, EMBED_LEN(openapi_document), etag);
	etag[32] = '\0';
	answer_tagged(gw, req, GATEWAY_OPENAPI, "application/json", etag, openapi_document,
	    EMBED_LEN(openapi_document));
}
