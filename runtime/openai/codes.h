/*
 * codes.h - the closed list of wire codes: status, type, whose fault, and whether to try again.
 *
 * Every error any surface answers with is a row here and an entry in docs/errors.md.
 */
#ifndef JANUS_OPENAI_CODES_H
#define JANUS_OPENAI_CODES_H
#include <stdbool.h>

#include "runtime/base/error.h"

/* NAME, code, HTTP status, type, fault, retryable */
#define WIRE_CODES(X)                                                                              \
	X(NONE, "", 200, "", "", false)                                                            \
	X(INVALID_JSON, "invalid_json", 400, "invalid_request_error", "client", false)             \
	X(UNKNOWN_PARAMETER, "unknown_parameter", 400, "invalid_request_error", "client", false)   \
	X(MISSING_PARAMETER, "missing_required_parameter", 400, "invalid_request_error", "client", \
	    false)                                                                                 \
	X(INVALID_VALUE, "invalid_value", 400, "invalid_request_error", "client", false)           \
	X(UNSUPPORTED_PARAMETER, "unsupported_parameter", 400, "invalid_request_error", "client",  \
	    false)                                                                                 \
	X(BAD_REQUEST, "bad_request", 400, "invalid_request_error", "client", false)               \
	X(UNPROCESSABLE, "unprocessable", 422, "invalid_request_error", "client", false)           \
	X(INVALID_API_KEY, "invalid_api_key", 401, "authentication_error", "client", false)        \
	X(EXPIRED_API_KEY, "expired_api_key", 401, "authentication_error", "client", false)        \
	X(MISSING_SCOPE, "missing_scope", 403, "permission_error", "client", false)                \
	X(EGRESS_DENIED, "egress_denied", 403, "permission_error", "client", false)                \
	X(MODEL_NOT_FOUND, "model_not_found", 404, "not_found_error", "client", false)             \
	X(UNSUPPORTED_ENDPOINT, "unsupported_endpoint", 404, "not_found_error", "client", false)   \
	X(RESOURCE_NOT_FOUND, "resource_not_found", 404, "not_found_error", "client", false)       \
	X(STREAM_EXPIRED, "stream_expired", 410, "not_found_error", "client", false)               \
	X(STREAM_STOPPED, "stream_stopped", 409, "conflict_error", "client", false)                \
	X(STREAM_ABANDONED, "stream_abandoned", 499, "client_closed", "client", false)             \
	X(ARTIFACT_LINK, "invalid_artifact_link", 403, "permission_error", "client", false)        \
	X(ARTIFACT_EXPIRED, "artifact_expired", 410, "not_found_error", "client", false)           \
	X(RANGE, "range_not_satisfiable", 416, "invalid_request_error", "client", false)           \
	X(STORAGE_QUOTA, "storage_quota_exceeded", 429, "insufficient_quota", "client", false)     \
	X(METHOD_NOT_ALLOWED, "method_not_allowed", 405, "invalid_request_error", "client", false) \
	X(REQUEST_TIMEOUT, "request_timeout", 408, "invalid_request_error", "client", true)        \
	X(CONFLICT, "conflict", 409, "conflict_error", "client", false)                            \
	X(INVALID_STATE, "invalid_state", 409, "conflict_error", "client", false)                  \
	X(LEASE_LOST, "lease_lost", 409, "conflict_error", "client", false)                        \
	X(IDEMPOTENCY_CONFLICT, "idempotency_conflict", 409, "conflict_error", "client", false)    \
	X(IDEMPOTENCY_IN_PROGRESS, "idempotency_in_progress", 409, "conflict_error", "client",     \
	    true)                                                                                  \
	X(ETAG_MISMATCH, "etag_mismatch", 412, "conflict_error", "client", false)                  \
	X(PRECONDITION_REQUIRED, "precondition_required", 428, "conflict_error", "client", false)  \
	X(PAYLOAD_TOO_LARGE, "payload_too_large", 413, "invalid_request_error", "client", false)   \
	X(UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", 415, "invalid_request_error",          \
	    "client", false)                                                                       \
	X(EXPECTATION_FAILED, "expectation_failed", 417, "invalid_request_error", "client", false) \
	X(MISDIRECTED, "misdirected_request", 421, "invalid_request_error", "client", false)       \
	X(HEADERS_TOO_LARGE, "headers_too_large", 431, "invalid_request_error", "client", false)   \
	X(RATE_LIMIT, "rate_limit_exceeded", 429, "rate_limit_error", "client", true)              \
	X(CONCURRENCY, "concurrency_exceeded", 429, "rate_limit_error", "client", true)            \
	X(BUDGET_EXCEEDED, "budget_exceeded", 429, "insufficient_quota", "client", false)          \
	X(QUEUE_FULL, "queue_full", 429, "rate_limit_error", "platform", true)                     \
	X(CLIENT_CLOSED, "client_disconnected", 499, "client_closed", "client", false)             \
	X(INTERNAL, "internal", 500, "server_error", "platform", true)                             \
	X(DRAINING, "draining", 503, "overloaded_error", "platform", true)                         \
	X(NO_READY_COMPETITOR, "no_ready_competitor", 503, "overloaded_error", "platform", true)   \
	X(ENGINE_UNAVAILABLE, "engine_unavailable", 503, "overloaded_error", "platform", true)     \
	X(NO_PROVIDER, "no_provider", 503, "overloaded_error", "platform", false)                  \
	X(SANDBOX_CAPACITY, "sandbox_capacity", 503, "overloaded_error", "platform", true)         \
	X(SANDBOX_LOST, "sandbox_lost", 502, "upstream_error", "client", false)                    \
	X(SANDBOX_TIMEOUT, "sandbox_timeout", 504, "upstream_error", "client", false)              \
	X(SANDBOX_EXHAUSTED, "sandbox_exhausted", 422, "invalid_request_error", "client", false)   \
	X(AGENT_NOT_INSTALLED, "agent_not_installed", 422, "invalid_request_error", "client",      \
	    false)                                                                                 \
	X(LOW_DISK, "low_disk", 503, "overloaded_error", "platform", true)                         \
	X(UPSTREAM_CONNECT_FAILED, "upstream_connect_failed", 502, "upstream_error", "miner",      \
	    true)                                                                                  \
	X(UPSTREAM_BAD_RESPONSE, "upstream_bad_response", 502, "upstream_error", "miner", true)    \
	X(UPSTREAM_ERROR_FRAME, "upstream_error_frame", 502, "upstream_error", "miner", true)      \
	X(UPSTREAM_DIED, "upstream_died", 502, "upstream_error", "miner", true)                    \
	X(UPSTREAM_TIMEOUT_CONNECT, "upstream_timeout_connect", 504, "upstream_error", "miner",    \
	    true)                                                                                  \
	X(UPSTREAM_TIMEOUT_FIRST_BYTE, "upstream_timeout_first_byte", 504, "upstream_error",       \
	    "miner", true)                                                                         \
	X(UPSTREAM_TIMEOUT_GAP, "upstream_timeout_gap", 504, "upstream_error", "miner", true)      \
	X(UPSTREAM_TIMEOUT_TOTAL, "upstream_timeout_total", 504, "upstream_error", "miner", true)

enum wire_code {
#define X(name, ...) CODE_##name,
	WIRE_CODES(X)
#undef X
	    CODE_COUNT
};

struct wire_code_info {
	const char *code;
	int status;
	const char *type;
	const char *fault;
	bool retryable;
};

/** wire_code_info - the row of a code. */
const struct wire_code_info *wire_code_info(enum wire_code);
/** wire_code_fault - whose fault it is.  instead (may be NULL) is for whoever stands before somebody
 *  else's upstream: it takes the place of the miner, and of the client or the platform whom that
 *  upstream's own 429 or 503 would blame. */
const char *wire_code_fault(enum wire_code, const char *instead);
/** wire_code_named - the code with that name, CODE_INTERNAL for an unknown one. */
enum wire_code wire_code_named(const char *code);
/** wire_code_of - how an error of a kind is told to a client of the control API. */
enum wire_code wire_code_of(enum error_kind);
#endif
