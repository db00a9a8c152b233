/*
 * descriptor.c - one scan for the places, one small one for each object there.
 */
#include "controlplane/artifacts/descriptor.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"

#define SIZE_MAX_BYTES (INT64_C(1) << 53)
#define KEY_IS(s, v, name) ((v)->key_len > 0 && json_key_is((s)->text, (v), (name)))

/* Depths of {choices:[{delta:{janus:{payload:{items:[{}]}}}}]} */
enum { DEPTH_PART = 3, DEPTH_JANUS = 4, DEPTH_PAYLOAD = 5, DEPTH_ITEM = 6, DEPTH_DEEP = 7 };

struct search {
	const char *text;
	struct descriptors *out;
	/* of the janus object whose members come by */
	size_t first; /* candidate */
	bool is_one, is_many; /* event: "artifact", "artifacts" */
	bool *waits; /* owned: candidates that count only with such an event */
	size_t waits_cap;
};

/* Of each chunk that passes this is asked: the word is looked for by its rarest letter. */
static bool
has_the_word(const char *bytes, size_t len)
{
	static const char word[] = "artifact";
	const size_t before = strcspn(word, "f"), whole = strlen(word);
	const char *end = bytes + len, *from = bytes, *f;

	for (; (f = memchr(from, 'f', (size_t)(end - from))) != NULL; from = f + 1)
		if ((size_t)(f - bytes) >= before && (size_t)(end - f) >= whole - before &&
		    memcmp(f - before, word, whole) == 0)
			return true;
	return false;
}

bool
descriptors_may_be(const char *bytes, size_t len)
{
	/* An escaped letter may hide the word; nobody else writes a to z so. */
	return has_the_word(bytes, len) ||
	    (memchr(bytes, '\\', len) != NULL &&
		(memmem(bytes, len, "\\u006", 5) != NULL ||
		    memmem(bytes, len, "\\u007", 5) != NULL));
}

/* ---- one descriptor ---- */

struct members {
	const char *text;
	struct descriptor *d;
	bool has_size, bad;
};

/* A string of at most cap - 1 bytes. */
static bool
take_text(const char *text, const struct json_value *v, char *out, size_t cap)
{
	_cleanup_free_ char *value = NULL;

	if (v->type != JSON_STRING)
		return false;
	value = json_unquote(text + v->at, v->len);
	if (strlen(value) >= cap)
		return false;
	str_copy(out, cap, value);
	return true;
}

static bool
take_int(const char *text, const struct json_value *v, int64_t *out)
{
	char number[24];

	if (v->type != JSON_NUMBER || v->len >= sizeof(number))
		return false;
	str_copy(number, v->len + 1, text + v->at);
	return str_parse_int(number, -SIZE_MAX_BYTES, SIZE_MAX_BYTES, out, NULL) == 0;
}

static bool
take_sha256(const char *text, const struct json_value *v, char out[HASH_HEX_MAX])
{
	char said[80];
	const char *hex = said;

	if (v->type == JSON_NULL)
		return true;
	if (!take_text(text, v, said, sizeof(said)))
		return false;
	if (str_starts(said, "sha256:"))
		hex += 7;
	if (strlen(hex) != HASH_HEX_MAX - 1 ||
	    strspn(hex, "0123456789abcdefABCDEF") != HASH_HEX_MAX - 1)
		return false;
	for (size_t i = 0; i < HASH_HEX_MAX; i++)
		out[i] = (char)tolower((unsigned char)hex[i]);
	return true;
}

static bool
take_kind(const char *text, const struct json_value *v, char out[DESCRIPTOR_KIND_MAX])
{
	return take_text(text, v, out, DESCRIPTOR_KIND_MAX) &&
	    (str_eq(out, "image") || str_eq(out, "file") || str_eq(out, "dataset") ||
		str_eq(out, "binary"));
}

static bool
take_type(const char *text, const struct json_value *v, char out[LABEL_TYPE_MAX])
{
	char said[256];

	return take_text(text, v, said, sizeof(said)) && label_type(said, out);
}

static bool
take_id(const char *text, const struct json_value *v, char out[DESCRIPTOR_ID_MAX])
{
	if (v->type == JSON_NULL)
		return true;
	if (!take_text(text, v, out, DESCRIPTOR_ID_MAX))
		return false;
	for (const char *p = out; *p != '\0'; p++)
		if (!isgraph((unsigned char)*p))
			return false;
	return true;
}

static bool
see_member(struct members *m, const struct json_value *v)
{
	struct descriptor *d = m->d;

	if (KEY_IS(m, v, "url")) {
		if (v->type != JSON_STRING)
			return false;
		free(d->url);
		d->url = json_unquote(m->text + v->at, v->len);
		d->url_spot = (struct spot){ v->at, v->len };
		return true;
	}
	if (KEY_IS(m, v, "id"))
		return take_id(m->text, v, d->id);
	if (KEY_IS(m, v, "type"))
		return take_kind(m->text, v, d->kind);
	if (KEY_IS(m, v, "mime_type"))
		return take_type(m->text, v, d->type);
	if (KEY_IS(m, v, "sha256"))
		return take_sha256(m->text, v, d->sha256);
	if (KEY_IS(m, v, "size_bytes")) {
		m->has_size = take_int(m->text, v, &d->size) && d->size >= 0;
		return m->has_size;
	}
	if (KEY_IS(m, v, "ttl_seconds")) {
		if (v->type == JSON_NULL)
			return true;
		if (!take_int(m->text, v, &d->ttl_s) || d->ttl_s <= 0)
			d->fault = ARTIFACT_TTL;
		return true;
	}
	if (KEY_IS(m, v, "display_name") && v->type == JSON_STRING) {
		_cleanup_free_ char *said = json_unquote(m->text + v->at, v->len);

		label_name(said, d->name);
	}
	return true;
}

static int
on_member(const struct json_value *v, void *arg)
{
	struct members *m = arg;

	if (v->depth == 1 && v->key_len > 0 && !see_member(m, v))
		m->bad = true;
	return 0;
}

static void
read_descriptor(const char *text, const struct json_value *v, struct descriptor *d)
{
	struct members m = { .text = text + v->at, .d = d };

	*d = (struct descriptor){ .object = { v->at, v->len } };
	str_copy(d->kind, sizeof(d->kind), "file");
	str_copy(d->type, sizeof(d->type), "application/octet-stream");
	label_name("", d->name);
	json_scan(m.text, v->len, on_member, &m, NULL);
	d->url_spot.at += v->at;
	if (d->url == NULL || !m.has_size || m.bad)
		d->fault = ARTIFACT_DESCRIPTOR;
}

/* ---- where they stand ---- */

static bool
is_part(const struct search *s, const struct json_value *v)
{
	return v->depth == DEPTH_PART && (KEY_IS(s, v, "delta") || KEY_IS(s, v, "message")) &&
	    v->parent->parent->key_len > 0 && KEY_IS(s, v->parent->parent, "choices");
}

static bool
is_janus(const struct search *s, const struct json_value *v)
{
	return v->depth == DEPTH_JANUS && KEY_IS(s, v, "janus") && is_part(s, v->parent);
}

static bool
is_payload(const struct search *s, const struct json_value *v)
{
	return v->depth == DEPTH_PAYLOAD && KEY_IS(s, v, "payload") && is_janus(s, v->parent);
}

enum place { NOWHERE, HERE, WITH_EVENT };

/* Is an object there a descriptor? */
static enum place
place_of(const struct search *s, const struct json_value *v)
{
	const struct json_value *up = v->parent;

	if (v->depth == DEPTH_PAYLOAD) {
		if (is_payload(s, v))
			return WITH_EVENT;
		return v->key_len == 0 && KEY_IS(s, up, "artifacts") && is_part(s, up->parent)
		    ? HERE
		    : NOWHERE;
	}
	if (v->depth == DEPTH_ITEM && is_payload(s, up))
		return v->key_len == 0 ? WITH_EVENT : KEY_IS(s, v, "artifact") ? HERE : NOWHERE;
	if (v->depth == DEPTH_DEEP && v->key_len == 0 && is_payload(s, up->parent))
		return KEY_IS(s, up, "artifacts") ? HERE
		    : KEY_IS(s, up, "items")      ? WITH_EVENT
						  : NOWHERE;
	return NOWHERE;
}

static void *
grown(void *old, size_t len, size_t *cap, size_t size)
{
	if (len < *cap)
		return old;
	*cap = *cap * 2 + 8;
	return mem_realloc(old, *cap * size);
}

static void
add_candidate(struct search *s, const struct json_value *v, bool waits)
{
	struct descriptors *o = s->out;

	o->at = grown(o->at, o->len, &o->cap, sizeof(*o->at));
	s->waits = grown(s->waits, o->len, &s->waits_cap, sizeof(*s->waits));
	s->waits[o->len] = waits;
	read_descriptor(s->text, v, &o->at[o->len++]);
}

/* A janus object is over: what waited for its event counts or not. */
static void
end_janus(struct search *s)
{
	struct descriptors *o = s->out;
	size_t kept = s->first;

	for (size_t i = s->first; i < o->len; i++) {
		if (s->waits[i] && !s->is_one && !s->is_many) {
			free(o->at[i].url);
			continue;
		}
		s->waits[kept] = s->waits[i];
		o->at[kept++] = o->at[i];
	}
	o->len = s->first = kept;
	s->is_one = s->is_many = false;
}

static void
see_object(struct search *s, const struct json_value *v)
{
	const enum place place = place_of(s, v);
	const struct descriptors *o = s->out;

	if (place == NOWHERE)
		return;
	/* A payload is one if it holds none. */
	if (v->depth == DEPTH_PAYLOAD && place == WITH_EVENT && o->len > 0 &&
	    o->at[o->len - 1].object.at > v->at)
		return;
	add_candidate(s, v, place == WITH_EVENT);
	/* {"items":[]} is a list of nothing. */
	if (v->depth == DEPTH_PAYLOAD && place == WITH_EVENT && o->at[o->len - 1].url == NULL &&
	    !s->is_one)
		s->out->len--;
}

static void
see_string(struct search *s, const struct json_value *v)
{
	struct descriptors *o = s->out;

	if (v->depth == DEPTH_PAYLOAD && KEY_IS(s, v, "event") && is_janus(s, v->parent)) {
		char event[16] = "";

		take_text(s->text, v, event, sizeof(event));
		s->is_one = str_eq(event, "artifact");
		s->is_many = str_eq(event, "artifacts");
	} else if (v->depth == DEPTH_JANUS && v->len > 2 && is_part(s, v->parent) &&
	    (KEY_IS(s, v, "content") || KEY_IS(s, v, "reasoning_content"))) {
		o->texts = grown(o->texts, o->ntexts, &o->texts_cap, sizeof(*o->texts));
		o->texts[o->ntexts++] = (struct spot){ v->at, v->len };
	}
}

static int
on_value(const struct json_value *v, void *arg)
{
	struct search *s = arg;

	if (v->depth < DEPTH_JANUS || v->depth > DEPTH_DEEP)
		return 0;
	if (v->type == JSON_STRING)
		see_string(s, v);
	else if (v->type == JSON_OBJECT && is_janus(s, v))
		end_janus(s);
	else if (v->type == JSON_OBJECT)
		see_object(s, v);
	return 0;
}

int
descriptors_find(const char *json, size_t len, struct descriptors *out)
{
	struct search s = { .text = json, .out = out };
	const int rc = json_scan(json, len, on_value, &s, NULL);

	free(s.waits);
	if (rc < 0)
		descriptors_done(out);
	return rc;
}

void
descriptors_done(struct descriptors *d)
{
	for (size_t i = 0; i < d->len; i++)
		free(d->at[i].url);
	free(d->at);
	free(d->texts);
	*d = (struct descriptors){ 0 };
}
