/*
 * conform.c - a competitor that is healthy must answer one chat before it is accepted.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/supervise/live.h"
#include "controlplane/supervise/probe.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/str.h"
#include "runtime/engine/link.h"
#include "runtime/openai/chat_stream.h"

#define CHAT_LIMIT_MS 60000
#define CHAT_MAX_BYTES (1 << 20)
/* A process that dies under the question is seen a moment after its connection breaks. */
#define DYING_MS 1000

static void
on_answer(const struct probe_result *r, void *arg)
{
	struct trial *t = arg;
	char why[240];

	t->probe = NULL;
	t->busy = false;
	t->done = false;
	t->chat_status = r->status;
	snprintf(t->chat_body, sizeof(t->chat_body), "%s", r->body);
	if (r->error[0] != '\0')
		error_set(&t->error, ERROR_INVALID, "a chat was not answered: %s", r->error);
	else if (r->status != 200)
		error_set(
		    &t->error, ERROR_INVALID, "a chat was answered with status %d", r->status);
	else if (r->cut)
		error_set(&t->error, ERROR_INVALID, "a chat was answered with more than 1 MiB");
	else if (!chat_completion_valid(r->body, r->len, why))
		error_set(&t->error, ERROR_INVALID,
		    "a chat was answered with something else than a chat completion: %s", why);
	else
		t->done = true;
	t->failed = !t->done;
	t->retry_ms = clock_now_ms() + (r->error[0] != '\0' ? DYING_MS : 0);
	t->judge_after = t->sup->list_began;
	reconcile_now(t->sup);
	trial_evaluate(t);
}

void
conform_start(struct trial *t)
{
	struct supervisor *sup = t->sup;
	struct instance *in = registry_instance(sup->c.registry, t->sub->instance_id);
	_cleanup_free_ char *body =
	    str_printf("{\"model\":\"janus/%s\",\"messages\":[{\"role\":\"user\",\"content\":"
		       "\"Reply with one short sentence.\"}],\"max_tokens\":64,\"stream\":false}",
		t->sub->slug);

	if (in->live->target->is_pod && in->live->link == NULL)
		in->live->link = link_open(sup->c.loop, in->live->target->link_path);
	t->busy = true;
	t->probe = probe_start(sup->c.loop, sup->dialer, in->live->link, in->live->target,
	    "/v1/chat/completions", body, CHAT_MAX_BYTES, CHAT_LIMIT_MS, on_answer, t);
}
