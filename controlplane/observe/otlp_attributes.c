/*
 * otlp_attributes.c - keys and typed values; 64-bit integers are strings.
 */
#include "controlplane/observe/otlp_attributes.h"

#include <inttypes.h>
#include <string.h>

#include "controlplane/observe/otlp.h"
#include "runtime/base/buf.h"
#include "runtime/base/json.h"

static void
quoted(struct buf *out, const char *text)
{
	json_add_quoted(out, text, strlen(text));
}

static void
key(struct buf *out, const char *name)
{
	if (out->len > 0 && out->data[out->len - 1] != '[')
		buf_add_char(out, ',');
	buf_add_str(out, "{\"key\":");
	quoted(out, name);
	buf_add_str(out, ",\"value\":");
}

void
attr_text(struct buf *out, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	key(out, name);
	buf_add_str(out, "{\"stringValue\":");
	quoted(out, value);
	buf_add_str(out, "}}");
}

void
attr_int(struct buf *out, const char *name, int64_t value)
{
	key(out, name);
	buf_printf(out, "{\"intValue\":\"%" PRId64 "\"}}", value);
}

void
attr_number(struct buf *out, const char *name, double value)
{
	key(out, name);
	buf_printf(out, "{\"doubleValue\":%.6f}}", value);
}

void
attr_bool(struct buf *out, const char *name, bool value)
{
	key(out, name);
	buf_printf(out, "{\"boolValue\":%s}}", value ? "true" : "false");
}

void
attr_list(struct buf *out, const char *name, const char *const *values, size_t n)
{
	if (n == 0)
		return;
	key(out, name);
	buf_add_str(out, "{\"arrayValue\":{\"values\":[");
	for (size_t i = 0; i < n; i++) {
		buf_add_str(out, i > 0 ? ",{\"stringValue\":" : "{\"stringValue\":");
		quoted(out, values[i]);
		buf_add_char(out, '}');
	}
	buf_add_str(out, "]}}}");
}

void
attr_resource(struct buf *out, const struct otlp_config *c)
{
	buf_add_str(out, "\"resource\":{\"attributes\":[");
	attr_text(out, "service.name", c->service);
	attr_text(out, "service.version", JANUS_VERSION);
	for (size_t i = 0; i < c->nattributes; i++)
		attr_text(out, c->attributes[i].key, c->attributes[i].value);
	buf_add_str(out, "]}");
}
