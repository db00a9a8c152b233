/*
 * audit.c - the text that is hashed.
 */
#include "runtime/base/audit.h"

#include <stdio.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/hash.h"
#include "runtime/base/json.h"

const char *
audit_hash(const struct audit_entry *e, char out[AUDIT_HASH_MAX])
{
	const char *const texts[] = { e->prev, e->id, e->at, e->actor, e->action, e->object_id,
		e->request_id, e->reason, e->before, e->after };
	_cleanup_buf_ struct buf text = { 0 };
	char hex[HASH_HEX_MAX];

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *t = texts[i] != NULL ? texts[i] : "";

		buf_add_char(&text, i == 0 ? '[' : ',');
		json_add_quoted(&text, t, strlen(t));
	}
	buf_add_char(&text, ']');
	snprintf(out, AUDIT_HASH_MAX, "sha256:%s", hash_sha256_hex(text.data, text.len, hex));
	return out;
}
