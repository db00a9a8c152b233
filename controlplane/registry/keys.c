/*
 * keys.c - texts, the list and the snapshot of API keys.
 */
#include "controlplane/registry/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "runtime/base/error.h"
#include "runtime/base/hash.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"

#define RANDOM_LEN 43
#define CHECK_LEN 6
#define BODY_LEN (KEY_TEXT_LEN - CHECK_LEN)
#define ID_PREFIX "key_"
#define PREFIX_MIN 6
#define DEAREST_MICRO_USD 10000 /* expected of a call before any was seen */

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* ---- text ---- */

/* A CRC-32, so that a mistyped key is told from an unknown one without asking anybody. */
static void
add_check(const char *body, char out[CHECK_LEN])
{
	unsigned long crc = crc32(0, (const Bytef *)body, BODY_LEN);

	for (int i = CHECK_LEN; i-- > 0; crc /= 62)
		out[i] = base62[crc % 62];
}

void
key_text_new(enum key_kind kind, char out[KEY_TEXT_LEN + 1])
{
	char secret[RANDOM_LEN + 1];

	id_random_base62(secret, RANDOM_LEN);
	snprintf(out, KEY_TEXT_LEN + 1, KEY_PREFIX "%s_%s", key_kind_name(kind), secret);
	add_check(out, out + BODY_LEN);
	out[KEY_TEXT_LEN] = '\0';
	explicit_bzero(secret, sizeof(secret));
}

bool
key_text_valid(const char *text)
{
	char check[CHECK_LEN], kind[3];

	if (strlen(text) != KEY_TEXT_LEN || !str_starts(text, KEY_PREFIX) || text[6] != '_')
		return false;
	snprintf(kind, sizeof(kind), "%.2s", text + 4);
	add_check(text, check);
	return key_kind_named(kind) != KEY_KIND_COUNT &&
	    strspn(text + 7, base62) == RANDOM_LEN + CHECK_LEN &&
	    memcmp(check, text + BODY_LEN, CHECK_LEN) == 0;
}

void
key_set_secret(struct key *k, const char *text)
{
	hash_sha256_hex(text, strlen(text), k->sha256);
	snprintf(k->prefix, sizeof(k->prefix), "%.11s", text); /* jns_sk_ and four more */
	snprintf(k->last_four, sizeof(k->last_four), "%s", text + strlen(text) - 4);
}

/* ---- meters ---- */

struct key_meter *
key_meter_new(void)
{
	struct key_meter *m = mem_zalloc(sizeof(*m));

	m->refs = 1;
	m->dearest_micro_usd = DEAREST_MICRO_USD;
	return m;
}

struct key_meter *
key_meter_ref(struct key_meter *m)
{
	m->refs++;
	return m;
}

void
key_meter_unref(struct key_meter *m)
{
	if (m != NULL && --m->refs == 0)
		free(m);
}

/* ---- the snapshot ---- */

struct keys *
keys_ref(struct keys *k)
{
	k->refs++;
	return k;
}

void
keys_unref(struct keys *k)
{
	if (k == NULL || --k->refs > 0)
		return;
	for (size_t i = 0; i < k->len; i++)
		key_meter_unref(k->at[i].meter);
	free(k->at);
	free(k->slots);
	free(k);
}

static size_t
first_slot(const unsigned char sha256[32])
{
	uint64_t at;

	memcpy(&at, sha256, sizeof(at));
	return (size_t)at;
}

const struct key_entry *
keys_find(const struct keys *k, const unsigned char sha256[32], int64_t wall_ms)
{
	const struct key_entry *found = NULL;
	size_t i = first_slot(sha256) & k->mask;

	for (bool more = true; more; i = (i + 1) & k->mask) {
		const struct key_slot *s = &k->slots[i];

		/* A free slot is compared too: it is all zero, which no secret hashes to. */
		if (hash_equal(s->sha256, sha256, sizeof(s->sha256)) &&
		    (s->until_ms == 0 || wall_ms < s->until_ms))
			found = s->entry;
		more = s->entry != NULL && found == NULL;
	}
	return found;
}

static unsigned
digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10) & 15;
}

static void
put(struct keys *k, const char *hex, const struct key_entry *entry, int64_t until_ms)
{
	struct key_slot s = { .entry = entry, .until_ms = until_ms };

	if (strlen(hex) != 2 * sizeof(s.sha256))
		return;
	for (size_t i = 0; i < sizeof(s.sha256); i++)
		s.sha256[i] = (unsigned char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	size_t i = first_slot(s.sha256) & k->mask;
	while (k->slots[i].entry != NULL)
		i = (i + 1) & k->mask;
	k->slots[i] = s;
}

struct keys *
key_ring_snapshot(const struct key_ring *ring)
{
	struct keys *k = mem_zalloc(sizeof(*k));
	size_t slots = 16;

	while (slots < 4 * ring->len) /* two secrets a key, half full at most */
		slots *= 2;
	k->refs = 1;
	k->mask = slots - 1;
	k->slots = mem_zalloc(slots * sizeof(*k->slots));
	k->at = mem_zalloc((ring->len + 1) * sizeof(*k->at));
	for (size_t i = 0; i < ring->len; i++) {
		const struct key *row = &ring->at[i]->row;
		struct key_entry *e = &k->at[k->len];

		if (row->revoked_at_ms != 0)
			continue;
		k->len++;
		memcpy(e->id, row->id, sizeof(e->id));
		e->scopes = row->scopes;
		e->expires_at_ms = row->expires_at_ms;
		e->limits = row->limits;
		e->meter = key_meter_ref(ring->at[i]->meter);
		put(k, row->sha256, e, 0);
		put(k, row->old_sha256, e, row->old_until_ms);
	}
	return k;
}

/* ---- the list ---- */

void
key_ring_done(struct key_ring *ring)
{
	for (size_t i = 0; i < ring->len; i++) {
		key_meter_unref(ring->at[i]->meter);
		free(ring->at[i]);
	}
	free(ring->at);
	*ring = (struct key_ring){ 0 };
}

struct held_key *
key_ring_add(struct key_ring *ring, const struct key *row)
{
	struct held_key *h = mem_zalloc(sizeof(*h));

	h->row = *row;
	h->meter = key_meter_new();
	h->meter->revoked = row->revoked_at_ms != 0;
	if ((ring->len & (ring->len - 1)) == 0) /* full at every power of two */
		ring->at = mem_realloc(
		    ring->at, (ring->len != 0 ? ring->len * 2 : 1) * sizeof(struct held_key *));
	ring->at[ring->len++] = h;
	return h;
}

struct held_key *
key_ring_id(const struct key_ring *ring, const char *id)
{
	for (size_t i = 0; i < ring->len; i++)
		if (strcmp(ring->at[i]->row.id, id) == 0)
			return ring->at[i];
	return NULL;
}

struct held_key *
key_ring_live(const struct key_ring *ring, const char *name)
{
	for (size_t i = 0; i < ring->len; i++)
		if (ring->at[i]->row.revoked_at_ms == 0 && strcmp(ring->at[i]->row.name, name) == 0)
			return ring->at[i];
	return NULL;
}

struct held_key *
key_ring_find(const struct key_ring *ring, const char *ref, struct error *err)
{
	const bool is_id =
	    str_starts(ref, ID_PREFIX) && strlen(ref) >= strlen(ID_PREFIX) + PREFIX_MIN;
	struct held_key *found = key_ring_live(ring, ref);

	for (size_t i = ring->len; i-- > 0 && found == NULL;)
		if (strcmp(ring->at[i]->row.name, ref) == 0)
			found = ring->at[i];
	for (size_t i = 0; is_id && i < ring->len; i++) {
		if (!str_starts(ring->at[i]->row.id, ref))
			continue;
		if (found != NULL) {
			error_set(err, ERROR_INVALID, "'%s' is ambiguous: %s, %s", ref,
			    found->row.id, ring->at[i]->row.id);
			return NULL;
		}
		found = ring->at[i];
	}
	if (found == NULL)
		error_set(err, ERROR_NOT_FOUND, "There is no key '%.64s'.", ref);
	return found;
}
