/*
 * report.c - gather, log, send.
 */
#include "controlplane/platform/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/platform/control.h"
#include "controlplane/platform/platform.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

#define FLUSH_MS 100
#define MORE "(more)"

static const char *const words[] = {
#define X(name, text) [DECISION_##name] = (text),
	DECISIONS(X)
#undef X
};

const char *
decision_word(enum decision decision)
{
	return words[decision];
}

/* ---- gathering ---- */

static bool
is_alike(const struct report *a, const struct report *b)
{
	return !a->is_told && a->decision == b->decision && a->service == b->service &&
	    a->status == b->status && a->operation == b->operation && a->code == b->code &&
	    strcmp(a->instance, b->instance) == 0 && strcmp(a->request_id, b->request_id) == 0 &&
	    strcmp(a->target, b->target) == 0;
}

static void
merge(struct report *into, const struct report *r)
{
	into->calls += r->calls;
	into->duration_ms += r->duration_ms;
	into->bytes_in += r->bytes_in;
	into->bytes_out += r->bytes_out;
	into->prompt_tokens += r->prompt_tokens;
	into->completion_tokens += r->completion_tokens;
	into->sandbox_ms += r->sandbox_ms;
	if (into->cost_micro_usd >= 0 && r->cost_micro_usd >= 0)
		into->cost_micro_usd += r->cost_micro_usd;
	else
		into->cost_micro_usd = -1;
}

/* What is refused is told once with a number; what was spent is told call by call. */
static struct report *
find_alike(struct reports *all, const struct report *r)
{
	for (size_t i = all->len; i > 0; i--)
		if (is_alike(&all->at[i - 1], r))
			return &all->at[i - 1];
	return NULL;
}

void
reports_merge(struct reports *all, const struct report *r)
{
	struct report counted = *r, *found = NULL;

	if (all->at == NULL)
		all->at = mem_zalloc(REPORTS_MAX * sizeof(*all->at));
	if (r->decision != DECISION_ALLOWED && (found = find_alike(all, r)) != NULL) {
		merge(found, r);
		return;
	}
	if (all->len >= REPORTS_MAX - REPORTS_SPARE) {
		snprintf(counted.target, sizeof(counted.target), MORE);
		counted.request_id[0] = '\0';
		counted.operation = counted.code = "";
		counted.status = 0;
		if ((found = find_alike(all, &counted)) != NULL) {
			merge(found, r);
			return;
		}
	}
	if (all->len == REPORTS_MAX) {
		all->dropped += (uint64_t)r->calls;
		return;
	}
	all->at[all->len++] = counted;
}

/* ---- telling ---- */

static void
tell(struct report *r)
{
	log_info("egress.call", F_STR("instance_id", r->instance),
	    F_STR("competitor", r->competitor),
	    F_STR("request_id", r->request_id[0] != '\0' ? r->request_id : NULL),
	    F_STR("service", service_word(r->service)), F_STR("operation", r->operation),
	    F_STR("target", r->target), F_STR("decision", decision_word(r->decision)),
	    F_STR("code", r->code[0] != '\0' ? r->code : NULL), F_INT("status", r->status),
	    F_INT("calls", r->calls), F_INT("duration_ms", r->duration_ms),
	    F_INT("prompt_tokens", r->prompt_tokens),
	    F_INT("completion_tokens", r->completion_tokens),
	    r->cost_micro_usd >= 0 ? F_INT("cost_micro_usd", r->cost_micro_usd)
				   : F_STR("cost_micro_usd", NULL),
	    F_INT("bytes_in", r->bytes_in), F_INT("bytes_out", r->bytes_out));
	r->is_told = true;
}

static void
add_text(struct buf *out, const char *key, const char *text)
{
	buf_printf(out, "\"%s\":", key);
	json_add_quoted(out, text, strlen(text));
	buf_add_char(out, ',');
}

static void
add_report(struct buf *out, const struct report *r)
{
	buf_add_char(out, '{');
	add_text(out, "instance", r->instance);
	add_text(out, "competitor", r->competitor);
	add_text(out, "request_id", r->request_id);
	add_text(out, "service", service_word(r->service));
	add_text(out, "operation", r->operation);
	add_text(out, "target", r->target);
	add_text(out, "decision", decision_word(r->decision));
	add_text(out, "code", r->code);
	buf_printf(out,
	    "\"status\":%d,\"calls\":%" PRId64 ",\"at_ms\":%" PRId64 ",\"duration_ms\":%" PRId64
	    ",\"bytes_in\":%" PRId64 ",\"bytes_out\":%" PRId64 ",\"prompt_tokens\":%" PRId64
	    ",\"completion_tokens\":%" PRId64 ",\"sandbox_ms\":%" PRId64
	    ",\"cost_micro_usd\":%" PRId64 "}",
	    r->status, r->calls, r->at_ms, r->duration_ms, r->bytes_in, r->bytes_out,
	    r->prompt_tokens, r->completion_tokens, r->sandbox_ms, r->cost_micro_usd);
}

size_t
reports_packet(const struct reports *all, struct buf *out, size_t max)
{
	size_t n = 0;

	buf_printf(out, "{\"op\":\"calls\",\"dropped\":%" PRIu64 ",\"calls\":[", all->dropped);
	for (; n < all->len; n++) {
		const size_t before = out->len;

		if (n > 0)
			buf_add_char(out, ',');
		add_report(out, &all->at[n]);
		if (out->len + 2 <= max)
			continue;
		out->len = before; /* it is for the next packet */
		break;
	}
	buf_add_str(out, "]}");
	return n;
}

void
reports_flush(struct platform *p)
{
	struct reports *all = &p->reports;

	for (size_t i = 0; i < all->len; i++)
		if (!all->at[i].is_told)
			tell(&all->at[i]);
	while (all->len > 0 || all->dropped > 0) {
		_cleanup_buf_ struct buf packet = { 0 };
		const size_t n = reports_packet(all, &packet, CONTROL_PACKET_MAX);

		if (!control_send(p->control, buf_str(&packet), packet.len))
			break;
		all->dropped = 0;
		all->len -= n;
		memmove(all->at, all->at + n, all->len * sizeof(*all->at));
	}
}

static void
on_flush(struct timer *t, void *arg)
{
	struct platform *p = arg;

	reports_flush(p);
	if (p->reports.len > 0) /* janusd is away, or slow */
		timer_set(p->loop, t, FLUSH_MS * 5, on_flush, p);
}

void
report_add(struct platform *p, const struct report *r)
{
	reports_merge(&p->reports, r);
	if (!timer_is_set(&p->reports.flush) || p->reports.len == 1)
		timer_set(p->loop, &p->reports.flush, FLUSH_MS, on_flush, p);
}

void
reports_done(struct reports *all)
{
	timer_cancel(&all->flush);
	free(all->at);
	*all = (struct reports){ 0 };
}
