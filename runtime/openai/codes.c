/*
 * codes.c - the table of wire codes.
 */
#include "runtime/openai/codes.h"

#include <string.h>

static const struct wire_code_info infos[CODE_COUNT] = {
#define X(name, code_, status_, type_, fault_, retryable_) \
	[CODE_##name] = { .code = (code_),                 \
		.status = (status_),                       \
		.type = (type_),                           \
		.fault = (fault_),                         \
		.retryable = (retryable_) },
	WIRE_CODES(X)
#undef X
};

const struct wire_code_info *
wire_code_info(enum wire_code code)
{
	return &infos[(unsigned)code < CODE_COUNT ? code : CODE_INTERNAL];
}

const char *
wire_code_fault(enum wire_code code, const char *instead)
{
	const char *fault = wire_code_info(code)->fault;

	if (instead != NULL &&
	    (code == CODE_RATE_LIMIT || code == CODE_NO_READY_COMPETITOR ||
		strcmp(fault, "miner") == 0))
		return instead;
	return fault;
}

enum wire_code
wire_code_named(const char *code)
{
	for (int i = CODE_NONE + 1; i < CODE_COUNT; i++)
		if (code != NULL && strcmp(infos[i].code, code) == 0)
			return (enum wire_code)i;
	return CODE_INTERNAL;
}

enum wire_code
wire_code_of(enum error_kind kind)
{
	switch (kind) {
	case ERROR_NONE: return CODE_NONE;
	case ERROR_INVALID: return CODE_INVALID_VALUE;
	case ERROR_NOT_FOUND: return CODE_RESOURCE_NOT_FOUND;
	case ERROR_CONFLICT: return CODE_INVALID_STATE;
	case ERROR_DENIED: return CODE_MISSING_SCOPE;
	case ERROR_TOO_BIG: return CODE_PAYLOAD_TOO_LARGE;
	case ERROR_BUSY: return CODE_QUEUE_FULL;
	case ERROR_TIMEOUT:
	case ERROR_UNAVAILABLE: return CODE_ENGINE_UNAVAILABLE;
	case ERROR_UPSTREAM: return CODE_UPSTREAM_BAD_RESPONSE;
	case ERROR_CANCELLED: return CODE_DRAINING;
	case ERROR_IO:
	case ERROR_INTERNAL: break;
	}
	return CODE_INTERNAL;
}
