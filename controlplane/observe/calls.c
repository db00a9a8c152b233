/*
 * calls.c - a list, and whose attempt a call was.
 */
#include "controlplane/observe/calls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/observe/requests.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

/* The attempt at the call's instance of a chat with the call's id; NULL. */
static const struct life_attempt *
attempt_of(const struct request_record *q, const struct egress_row *row)
{
	for (size_t i = 0; i < q->nattempts && str_eq(q->id, row->request_id); i++)
		if (str_eq(q->attempts[i].instance, row->instance_id))
			return &q->attempts[i];
	return NULL;
}

/* Milliseconds are cut. */
static bool
began_by_its_end(const struct egress_row *row, const struct request_record *q)
{
	return row->at_ms <= request_ended_ms(q) + 1;
}

bool
call_record_fill(
    struct call_record *out, const struct request_record *q, const struct egress_row *row)
{
	const struct life_attempt *a = attempt_of(q, row);

	/* A client may use an id again. */
	if (a == NULL || row->at_ms < q->accepted_at_ms || !began_by_its_end(row, q))
		return false;
	*out = (struct call_record){ .parent = a->span, .row = *row };
	snprintf(out->trace, sizeof(out->trace), "%.32s", q->traceparent + 3);
	return true;
}

/* "GET host:443", "https://host/path?query". */
void
call_host(const struct egress_row *row, char out[CALL_HOST_MAX])
{
	const char *at = row->target, *next;
	size_t len;

	if (!str_eq(row->service, "web")) {
		str_copy(out, CALL_HOST_MAX, row->service);
		return;
	}
	if ((next = strstr(at, "://")) != NULL)
		at = next + 3;
	else if ((next = strchr(at, ' ')) != NULL)
		at = next + 1;
	len = strcspn(at, "/?#");
	if ((next = memrchr(at, '@', len)) != NULL) {
		len -= (size_t)(next + 1 - at);
		at = next + 1;
	}
	if (at[0] != '[')
		next = memchr(at, ':', len);
	else if ((next = memchr(at, ']', len)) != NULL)
		next++;
	snprintf(out, CALL_HOST_MAX, "%.*s", (int)(next != NULL ? (size_t)(next - at) : len), at);
}

bool
calls_keep(struct calls *c, const struct egress_row *row)
{
	const bool room = c->len < CALLS_KEPT;

	if (!room) {
		free(c->at[0]);
		memmove(&c->at[0], &c->at[1], --c->len * sizeof(c->at[0]));
	}
	c->at[c->len] = mem_zalloc(sizeof(*row));
	*c->at[c->len++] = *row;
	return room;
}

void
calls_take(struct calls *c, const struct request_record *q,
    void (*fn)(const struct call_record *, void *arg), void *arg)
{
	struct call_record record;
	size_t kept = 0;

	for (size_t i = 0; i < c->len; i++) {
		if (call_record_fill(&record, q, c->at[i]) && fn != NULL)
			fn(&record, arg);
		/* What is older will not find its chat any more. */
		if (attempt_of(q, c->at[i]) != NULL && began_by_its_end(c->at[i], q))
			free(c->at[i]);
		else
			c->at[kept++] = c->at[i];
	}
	c->len = kept;
}

void
calls_done(struct calls *c)
{
	while (c->len > 0)
		free(c->at[--c->len]);
}
