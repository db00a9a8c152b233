/*
 * usage.c - from a chat that is over to its row.
 */
#include "controlplane/observe/usage.h"

#include "controlplane/gateway/gateway.h"
#include "controlplane/store/store.h"
#include "runtime/base/str.h"

struct usage_row
usage_row_of(const struct gateway_usage *u)
{
	const struct chat_result *r = u->result;
	struct usage_row row = {
		.at_ms = u->accepted_at_ms,
		.prompt_tokens = r->usage.prompt_tokens,
		.completion_tokens = r->usage.completion_tokens,
		.is_estimated = !r->usage.reported,
		.cost_micro_usd = r->usage.cost_micro_usd,
		.duration_ms = u->duration_us / 1000,
		.ttft_ms = r->ttft_us >= 0 ? r->ttft_us / 1000 : -1,
		.max_gap_ms = r->max_gap_ms,
		.queue_ms = u->queued_us / 1000,
		.bytes_in = (int64_t)r->bytes_in,
		.bytes_out = (int64_t)r->bytes_out,
		.status = u->status,
		.attempts = (int)u->nattempts,
		.stream = u->stream,
	};

	str_copy(row.request_id, sizeof(row.request_id), u->request_id);
	str_copy(row.competitor, sizeof(row.competitor), u->competitor);
	str_copy(row.version_id, sizeof(row.version_id), u->version);
	str_copy(row.instance_id, sizeof(row.instance_id), u->instance);
	str_copy(row.code, sizeof(row.code), wire_code_info(r->code)->code);
	str_copy(row.fault, sizeof(row.fault), r->fault);
	str_copy(row.key_id, sizeof(row.key_id), u->key_id);
	return row;
}
