/*
 * components.c - the marketplace, to look at: list, one, its versions, its contract.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/api/component_view.h"
#include "controlplane/api/handlers.h"
#include "controlplane/registry/component_review.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/semver.h"
#include "runtime/base/str.h"
#include "runtime/loop/loop.h"

#define QUERY_MAX_BYTES 100

/* ---- how often each was called is read first, by a worker ---- */

struct look {
	struct api_call *call;
	struct component_uses uses;
	void (*tell)(struct api_call *, const struct component_uses *);
	int result;
	struct error err;
};

static void
read_uses(void *arg)
{
	struct look *l = arg;

	l->result = component_uses_read(&l->uses, DEPS(l->call)->store, &l->err);
}

static void
uses_read(void *arg)
{
	struct look *l = arg;

	if (l->result < 0)
		reply_error(l->call, &l->err);
	else
		l->tell(l->call, &l->uses);
	component_uses_done(&l->uses);
	free(l);
}

static void
look(struct api_call *c, void (*tell)(struct api_call *, const struct component_uses *))
{
	struct look *l = mem_zalloc(sizeof(*l));

	l->call = c;
	l->tell = tell;
	supervisor_ask_offers(DEPS(c)->supervisor);
	worker_run(DEPS(c)->workers, DEPS(c)->control, read_uses, uses_read, l);
}

/* ---- list ---- */

enum order { POPULAR, NEWEST, NAME };
static const char *const order_words[] = { "popular", "newest", "name" };

struct listed {
	struct component_entry *e;
	int64_t calls;
};

struct wanted { /* of the query */
	enum component_category category; /* COMPONENT_CATEGORY_COUNT: any */
	unsigned states;
	bool mine;
	char q[QUERY_MAX_BYTES + 1]; /* "": all */
	enum order order;
	const struct component_uses *uses;
	struct listed *rows; /* the first comes last, as list_reply takes them */
};

/* A word of the query: its place among n, n without one; -1 and answered if it is none of them. */
static int
read_word(struct api_call *c, const char *key, const char *const *words, int n, const char *text)
{
	_cleanup_free_ char *word = call_query(c, key);
	const int at = word != NULL ? (int)str_find(words, (size_t)n, word) : n;

	if (word == NULL || at < n)
		return at;
	reply_code(c, CODE_INVALID_VALUE, key, "'%s' is %s.", key, text);
	return -1;
}

static bool
read_filters(struct api_call *c, struct wanted *w)
{
	_cleanup_free_ char *category = call_query(c, "category"), *state = call_query(c, "state");

	w->category =
	    category != NULL ? component_category_named(category) : COMPONENT_CATEGORY_COUNT;
	if (category != NULL && w->category == COMPONENT_CATEGORY_COUNT) {
		reply_code(c, CODE_INVALID_VALUE, "category",
		    "'category' is research, coding, memory, tools or models.");
		return false;
	}
	const enum component_state s =
	    state != NULL ? component_state_named(state) : COMPONENT_STATE_COUNT;
	if (state != NULL && s == COMPONENT_STATE_COUNT) {
		reply_code(c, CODE_INVALID_VALUE, "state",
		    "'state' is submitted, published, rejected, deprecated or retired.");
		return false;
	}
	w->states = state != NULL ? 1U << s
	    : w->mine             ? COMPONENT_ANY_STATE & ~(1U << COMPONENT_RETIRED)
				  : 1U << COMPONENT_PUBLISHED | 1U << COMPONENT_DEPRECATED;
	return true;
}

static bool
read_wanted(struct api_call *c, struct wanted *w)
{
	_cleanup_free_ char *mine = call_query(c, "mine"), *q = call_query(c, "q");
	const int order =
	    read_word(c, "sort", order_words, ARRAY_LEN(order_words), "popular, newest or name");

	if (order < 0)
		return false;
	w->order = (enum order)(order % (int)ARRAY_LEN(order_words)); /* popular without a word */
	if (mine != NULL && str_parse_bool(mine, &w->mine, NULL) < 0) {
		reply_code(c, CODE_INVALID_VALUE, "mine", "'mine' is true or false.");
		return false;
	}
	if (q != NULL && strlen(q) > QUERY_MAX_BYTES) {
		reply_code(c, CODE_INVALID_VALUE, "q", "'q' is at most %d bytes.", QUERY_MAX_BYTES);
		return false;
	}
	str_copy(w->q, sizeof(w->q), q);
	return read_filters(c, w);
}

static bool
has_text(const struct component_entry *e, const char *q)
{
	static const char *const keys[] = { "name", "description" };
	const cJSON *tag;

	if (*q == '\0' || strcasestr(e->row.author, q) != NULL || strcasestr(e->row.id, q) != NULL)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		const char *text = json_str(e->manifest, keys[i]);

		if (text != NULL && strcasestr(text, q) != NULL)
			return true;
	}
	json_for_each(tag, json_get(e->manifest, "tags"))
		if (strcasestr(tag->valuestring, q) != NULL)
			return true;
	return false;
}

static const char *
name_of(const struct listed *r)
{
	const char *name = json_str(r->e->manifest, "name");

	return name != NULL ? name : "";
}

/* Below 0: a comes before b. Equal ones by their ids, so that pages fit together. */
static int
compare(const struct listed *a, const struct listed *b, enum order order)
{
	int rc = 0;

	if (order == POPULAR)
		rc = (a->calls < b->calls) - (a->calls > b->calls);
	else if (order == NEWEST)
		rc = (a->e->row.created_at_ms < b->e->row.created_at_ms) -
		    (a->e->row.created_at_ms > b->e->row.created_at_ms);
	else
		rc = strcasecmp(name_of(a), name_of(b));
	if (rc == 0)
		rc = b->e->is_platform - a->e->is_platform;
	return rc != 0 ? rc : strcmp(a->e->row.id, b->e->row.id);
}

static int
last_first(const void *a, const void *b, void *arg)
{
	return compare(b, a, ((const struct wanted *)arg)->order);
}

static const char *
id_at(const struct api_call *c, size_t i)
{
	return ((const struct wanted *)c->arg)->rows[i].e->row.id;
}

static bool
keep(const struct api_call *c, size_t i, void *arg)
{
	const struct component_viewer who = component_viewer_of(c);
	const struct wanted *w = arg;
	const struct component_entry *e = w->rows[i].e;

	return (w->category == COMPONENT_CATEGORY_COUNT || e->category == w->category) &&
	    (!w->mine || component_is_of(e, &who)) && has_text(e, w->q);
}

static cJSON *
render_at(const struct api_call *c, size_t i)
{
	const struct wanted *w = c->arg;

	return component_render(c, w->rows[i].e, w->uses);
}

static void
tell_list(struct api_call *c, const struct component_uses *uses)
{
	const struct component_viewer who = component_viewer_of(c);
	_cleanup_free_ struct component_entry **at = NULL;
	_cleanup_free_ struct listed *rows = NULL;
	struct wanted w = { .uses = uses };

	if (!read_wanted(c, &w))
		return;
	const size_t n = components_list(DEPS(c)->components, &who, w.states, &at);
	w.rows = rows = mem_zalloc((n + 1) * sizeof(*rows));
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct listed){ at[i], component_uses_calls(uses, at[i]) };
	qsort_r(rows, n, sizeof(*rows), last_first, &w);
	/* cppcheck-suppress autoVariables ; list_reply has looked at it when it returns */
	c->arg = &w;
	list_reply(c, &(struct list_source){ n, id_at, keep, render_at, &w });
}

void
component_list(struct api_call *c)
{
	struct wanted w = { 0 };

	if (read_wanted(c, &w))
		look(c, tell_list);
}

/* ---- one ---- */

static void
tell_one(struct api_call *c, const struct component_uses *uses)
{
	const char *version;
	const struct component_entry *e = component_find(c, &version);

	if (e != NULL)
		reply_json(c, 200, component_render(c, e, uses));
}

void
component_get(struct api_call *c)
{
	look(c, tell_one);
}

/* ---- its versions ---- */

static int
newest_first(const void *a, const void *b)
{
	const struct component_entry *const *x = a, *const *y = b;

	return semver_compare((*y)->row.version, (*x)->row.version);
}

static void
tell_versions(struct api_call *c, const struct component_uses *uses)
{
	const struct components *all = DEPS(c)->components;
	const struct component_viewer who = component_viewer_of(c);
	_cleanup_free_ struct component_entry **rows = NULL;
	const struct component_entry *e;
	cJSON *data;
	const char *version;
	size_t n = 0;

	e = component_find(c, &version);
	if (e == NULL)
		return;
	rows = mem_zalloc((all->len + 1) * sizeof(struct component_entry *));
	for (size_t i = 0; i < all->len; i++)
		if (strcmp(all->at[i]->row.id, e->row.id) == 0 &&
		    component_visible(all->at[i], &who))
			rows[n++] = all->at[i];
	qsort(rows, n, sizeof(struct component_entry *), newest_first);
	data = cJSON_CreateArray();
	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(data, component_render(c, rows[i], uses));
	list_reply_rows(c, data, false);
}

void
component_versions(struct api_call *c)
{
	look(c, tell_versions);
}

/* ---- its contract ---- */

void
component_contract(struct api_call *c)
{
	const char *version;
	const struct component_entry *e = component_find(c, &version);
	struct buf text = { 0 };

	if (e == NULL)
		return;
	if (e->row.contract[0] == '\0') {
		reply_code(c, CODE_RESOURCE_NOT_FOUND, NULL,
		    "The contract of %s is at %.160s, and not here.", e->row.id,
		    json_str(json_get(e->manifest, "contract"), "url"));
		return;
	}
	buf_add_str(&text, e->row.contract);
	reply_made(c, 200, "application/json", &text);
}
