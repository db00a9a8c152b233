/*
 * conditions.c - entity tags, If-Match and If-None-Match.
 */
#include "controlplane/api/conditions.h"

#include <stdio.h>
#include <string.h>

#include "controlplane/api/call.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/net/etag.h"

#define ETAG_LEN 16 /* hex digits */

void
etag_add(cJSON *object)
{
	_cleanup_free_ char *text = json_print(object);
	char hex[HASH_HEX_MAX];

	hash_sha256_hex(text, strlen(text), hex);
	hex[ETAG_LEN] = '\0';
	json_add_str(object, "etag", hex);
}

/* "key" is one of "/api/v1/keys": all nouns have their plural by an s. */
void
call_describe(struct api_call *c, int status, const cJSON *answer)
{
	const char *id = json_str(answer, "id"), *noun = json_str(answer, "object"),
		   *etag = json_str(answer, "etag");

	if (etag != NULL)
		snprintf(c->etag, sizeof(c->etag), "%s", etag);
	if ((status == 201 || status == 202) && id != NULL && noun != NULL &&
	    !json_bool(answer, "deleted", false))
		snprintf(c->location, sizeof(c->location), "/api/v1/%ss/%s", noun, id);
}

bool
call_has_it(const struct api_call *c)
{
	return c->etag[0] != '\0' && c->if_none_match != NULL && call_reads(c) &&
	    etag_listed(c->if_none_match, c->etag);
}

bool
call_matches(struct api_call *c, bool required, cJSON *object)
{
	_cleanup_json_ cJSON *owned = object;
	const char *etag = json_str(object, "etag");

	if (c->if_match == NULL && required) {
		reply_code(c, CODE_PRECONDITION_REQUIRED, NULL,
		    "This needs 'if-match: \"%s\"', the etag of what is to be changed, or "
		    "'if-match: *'.",
		    etag);
		return false;
	}
	if (c->if_match != NULL && !etag_listed(c->if_match, etag)) {
		reply_code(c, CODE_ETAG_MISMATCH, NULL,
		    "It has changed since: its etag is now \"%s\". Read it again.", etag);
		return false;
	}
	return true;
}
