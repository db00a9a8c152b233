/*
 * fuzz_otlp_config.c - any text as the OTEL_ variables: taken or refused, and never a line end in a header.
 *
 * Lines of the input are the values, in the order of the names below.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/observe/otlp.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_HEADERS",
	"OTEL_RESOURCE_ATTRIBUTES", "OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG",
	"OTEL_SERVICE_NAME", "OTEL_SDK_DISABLED" };
static char *values[ARRAY_LEN(names)];

static char *
get(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(names[i], name) == 0)
			return values[i];
	return NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = str_ndup((const char *)data, size);
	struct otlp_config c;
	struct error err = { 0 };
	char *at = text;

	memset(values, 0, sizeof(values));
	for (size_t i = 0; i < ARRAY_LEN(names) && at != NULL; i++) {
		values[i] = at;
		at =
		    strchr(at, i == 1 || i == 2 ? '\x1e' : '\n'); /* those two may have line ends */
		if (at != NULL)
			*at++ = '\0';
	}
	if (otlp_config_read(&c, get, &err) < 0) {
		if (err.kind == ERROR_NONE || err.text[0] == '\0')
			abort();
		return 0;
	}
	if (!c.on)
		return 0;
	if (c.nheaders > OTLP_PAIRS_MAX || c.nattributes > OTLP_PAIRS_MAX || !(c.ratio >= 0) ||
	    c.ratio > 1)
		abort();
	for (size_t i = 0; i < c.nheaders; i++)
		if (c.headers[i].key[0] == '\0' || strpbrk(c.headers[i].key, "\r\n") != NULL ||
		    strpbrk(c.headers[i].value, "\r\n") != NULL)
			abort();
	return 0;
}
