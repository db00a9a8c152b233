/*
 * reign_change.c - rows of reigns and their audit event: stored together, then true.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/registry/registry.h"
#include "controlplane/schedule/champion_core.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/json.h"
#include "runtime/base/log.h"
#include "runtime/base/str.h"

struct reign *
reign_named(const struct champion *ch, const char *id)
{
	for (size_t i = ch->nreigns; i-- > 0;)
		if (strcmp(ch->reigns[i]->id, id) == 0)
			return ch->reigns[i];
	return NULL;
}

const struct reign *
reign_before(const struct champion *ch, const struct reign *r)
{
	/* Each was stored before the one that names it, so this ends. */
	for (const struct reign *p = reign_named(ch, r->previous_id); p != NULL;
	     p = reign_named(ch, p->previous_id))
		if (p->state != REIGN_ROLLED_BACK &&
		    strcmp(p->competitor_id, r->competitor_id) != 0 &&
		    standing_ready(ch, registry_competitor(ch->c.registry, p->competitor_id)))
			return p;
	return NULL;
}

static void
find_present(struct champion *ch)
{
	ch->reign = ch->canary = NULL;
	for (size_t i = 0; i < ch->nreigns; i++)
		if (ch->reigns[i]->state == REIGN_REIGNING)
			ch->reign = ch->reigns[i];
		else if (ch->reigns[i]->state == REIGN_CANARY)
			ch->canary = ch->reigns[i];
}

void
reigns_take(struct champion *ch, const struct reign *row)
{
	struct reign *r = reign_named(ch, row->id);

	if (r == NULL) {
		r = mem_zalloc(sizeof(*r));
		ch->reigns = mem_realloc(ch->reigns, (ch->nreigns + 1) * sizeof(struct reign *));
		ch->reigns[ch->nreigns++] = r;
	}
	reign_row_done(r);
	*r = *row;
	find_present(ch);
}

/* ---- a change ---- */

struct reign_change *
change_new(struct champion *ch, champion_done_fn *done, void *arg)
{
	struct reign_change *c = mem_zalloc(sizeof(*c));

	c->ch = ch;
	c->batch = store_batch_new();
	c->done = done;
	c->arg = arg;
	return c;
}

struct reign *
change_row(struct reign_change *c, const struct reign *from)
{
	struct reign *r = &c->rows[c->n++];

	if (from != NULL) {
		*r = *from;
		r->proof = str_dup(from->proof);
	} else {
		id_new("rgn", r->id);
		r->created_at_ms = clock_wall_ms();
	}
	r->updated_at_ms = clock_wall_ms();
	return r;
}

struct reign *
change_begin(struct reign_change *c, const char *competitor_id, const char *slug,
    enum reign_state state, enum reign_cause cause, const struct store_actor *who,
    const char *reason)
{
	const struct champion *ch = c->ch;
	struct reign *r = change_row(c, NULL);

	str_copy(r->competitor_id, sizeof(r->competitor_id), competitor_id);
	str_copy(r->slug, sizeof(r->slug), slug);
	str_copy(r->actor, sizeof(r->actor), who->name);
	str_copy(r->reason, sizeof(r->reason), reason);
	r->state = state;
	r->cause = cause;
	r->crowned_at_ms = state == REIGN_REIGNING ? r->created_at_ms : 0;
	if (ch->reign != NULL)
		str_copy(r->previous_id, sizeof(r->previous_id), ch->reign->id);
	return r;
}

void
change_end(struct reign_change *c, const struct reign *from, enum reign_state state,
    const char *reason, const char *detail)
{
	struct reign *r = change_row(c, from);

	r->state = state;
	r->ended_at_ms = clock_wall_ms();
	str_copy(r->end_reason, sizeof(r->end_reason), reason);
	str_copy(r->detail, sizeof(r->detail), detail);
}

void
change_event(struct reign_change *c, const struct store_actor *who, const char *action,
    const char *object_id, const char *reason, const char *before, const char *after)
{
	log_info("champion.state", F_STR("action", action), F_STR("from", before),
	    F_STR("to", after), F_STR("reason", reason));
	store_add_event(c->batch,
	    &(struct store_event){ .who = *who,
		.action = action,
		.object_id = object_id,
		.reason = reason,
		.before = before,
		.after = after });
}

static void
on_stored(const struct error *err, void *arg)
{
	struct reign_change *c = arg;
	struct champion *ch = c->ch;
	const char *was_on_trial = ch->canary != NULL ? ch->canary->id : "";

	ch->storing = false;
	if (err != NULL) {
		log_error("champion.not_stored", F_STR("error", err->text));
		for (size_t i = 0; i < c->n; i++)
			reign_row_done(&c->rows[i]);
	}
	for (size_t i = 0; err == NULL && i < c->n; i++)
		reigns_take(ch, &c->rows[i]);
	if (err == NULL) {
		const int64_t now_ms = clock_now_ms();

		ch->reign_seen_ms = now_ms;
		if (ch->canary != NULL && strcmp(was_on_trial, ch->canary->id) != 0) {
			ch->canary_since_ms = ch->canary_seen_ms = now_ms;
			/* Both are counted from the same moment on. */
			pthread_mutex_lock(&ch->lock);
			ch->on_throne.slug[0] = '\0';
			pthread_mutex_unlock(&ch->lock);
		}
		standing_refresh(ch);
		standing_apply(ch);
	}
	if (c->done != NULL)
		c->done(err, c->arg);
	free(c);
}

void
change_commit(struct reign_change *c)
{
	for (size_t i = 0; i < c->n; i++)
		store_put_reign(c->batch, &c->rows[i]);
	c->ch->storing = true;
	store_commit(c->ch->c.store, c->batch, on_stored, c);
}

/* ---- proof ---- */

static void
add_score(cJSON *to, const char *key, double value, double low, double high)
{
	cJSON *score = json_add_obj(to, key);

	cJSON_AddNumberToObject(score, "value", value);
	cJSON_AddNumberToObject(score, "low", low);
	cJSON_AddNumberToObject(score, "high", high);
}

static void
add_side(cJSON *proof, const char *key, const struct lead_row *row)
{
	cJSON *side, *runs;

	if (row == NULL) {
		json_add_str(proof, key, NULL);
		return;
	}
	side = json_add_obj(proof, key);
	json_add_str(side, "competitor", row->of->slug);
	json_add_str(side, "version_id", row->runs[0]->version);
	json_add_text(side, "digest", row->runs[0]->image_digest);
	json_add_time(side, "submitted_at", row->of->submitted_at_ms);
	runs = json_add_arr(side, "runs");
	for (size_t i = 0; i < row->nruns; i++)
		cJSON_AddItemToArray(runs, cJSON_CreateString(row->runs[i]->id));
	for (int d = 0; d < LEAD_DIMENSION_COUNT; d++)
		if (row->score[d].has)
			add_score(side, lead_dimension_name((enum lead_dimension)d),
			    row->score[d].value, row->score[d].low, row->score[d].high);
}

char *
proof_of(const struct champion *ch, const struct lead_row *a, const struct lead_row *b)
{
	_cleanup_json_ cJSON *proof = cJSON_CreateObject();

	json_add_str(proof, "suite", ch->c.suite);
	json_add_str(proof, "suite_digest", ch->board.suite_digest);
	json_add_str(proof, "scoring", ch->board.scoring);
	cJSON_AddNumberToObject(proof, "margin", ch->c.lead.margin);
	add_side(proof, "challenger", a);
	add_side(proof, "incumbent", b);
	if (b != NULL && a != NULL) {
		const struct lead_difference d = lead_difference(a, b);

		add_score(proof, "difference", d.value, d.low, d.high);
		json_add_bool(proof, "significant", d.is_significant);
	} else {
		json_add_str(proof, "difference", NULL);
	}
	return json_print(proof);
}
