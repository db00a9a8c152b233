/*
 * chat_data.c - from a JSON literal to the URL in it.
 */
#include "runtime/openai/chat_data.h"

#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/json_scan.h"
#include "runtime/net/data_url.h"
#include "runtime/openai/chat_shape.h"
#include "runtime/openai/codes.h"

#define DATA_MAX_BYTES (100 << 20) /* of what one holds: as much as an artifact may have */
#define ESCAPED_SCHEME_MAX 30 /* "data:", each character as \uXXXX */

const char *
chat_data_wrong(const char *json, const struct json_value *v)
{
	const char *url = json + v->at + 1;
	_cleanup_free_ char *decoded = NULL;

	if (v->type != JSON_STRING)
		return NULL;
	size_t len = v->len - 2;
	const size_t front = len < ESCAPED_SCHEME_MAX ? len : ESCAPED_SCHEME_MAX;
	if (!data_url_is(url, len) && memchr(url, '\\', front) == NULL)
		return NULL;
	if (memchr(url, '\\', len) != NULL) {
		url = decoded = json_unquote(json + v->at, v->len);
		len = strlen(decoded);
	}
	return data_url_is(url, len) ? data_url_wrong(url, len, DATA_MAX_BYTES) : NULL;
}

void
chat_data_refuse(struct chat_shape *s, const char *param, const char *wrong)
{
	if (wrong != NULL)
		chat_shape_refuse(s, CODE_UNPROCESSABLE, param,
		    "The data: URL in '%s' cannot be decoded: it %s.", param, wrong);
}
