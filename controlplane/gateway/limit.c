/*
 * limit.c - sliding minutes, calendar budgets, and a count of what runs.
 */
#include "controlplane/gateway/limit.h"

#include <time.h>

#include "controlplane/registry/keys.h"

#define WINDOW_S 60
#define COUNT_BITS 32
#define COUNT_MAX UINT32_MAX
#define MONEY_BITS 48
#define MONEY_MAX ((INT64_C(1) << MONEY_BITS) - 1)
#define CALL_MAX_MICRO_USD INT64_C(1000000000000)
#define DAY_MS INT64_C(86400000)
#define BUSY_RETRY_MS 1000 /* a running request may end at any time */

typedef _Atomic uint64_t word;

static uint64_t
second_of(uint64_t w)
{
	return w >> COUNT_BITS;
}

static uint64_t
count_of(uint64_t w)
{
	return w & COUNT_MAX;
}

/* ---- a sliding minute: one word a second ---- */

/* Seconds are told from one on, so that a zero word is older than all. */
static uint64_t
now_second(int64_t mono_ms)
{
	return (uint64_t)(mono_ms / 1000 + 2 * WINDOW_S);
}

/* What was counted in the last minute.  A second counts until it is wholly out of it; one that
 * another thread's later clock wrote counts too. */
static uint64_t
minute_sum(word *ring, uint64_t now)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < METER_SECONDS; i++) {
		const uint64_t w = ring[i];

		if (second_of(w) + WINDOW_S >= now)
			sum += count_of(w);
	}
	return sum;
}

/* Returns the word of the ring that was counted in, for minute_take_back. */
static uint64_t
minute_add(word *ring, uint64_t now, uint64_t n)
{
	word *at = &ring[now % METER_SECONDS];
	uint64_t seen = *at, next;

	do {
		const uint64_t second = second_of(seen) > now ? second_of(seen) : now;
		const uint64_t had = second_of(seen) == second ? count_of(seen) : 0;

		next = second << COUNT_BITS | (had + n < COUNT_MAX ? had + n : COUNT_MAX);
	} while (!atomic_compare_exchange_weak(at, &seen, next));
	return second_of(next);
}

static void
minute_take_back(word *ring, uint64_t second, uint64_t n)
{
	word *at = &ring[second % METER_SECONDS];
	uint64_t seen = *at;

	while (second_of(seen) == second && count_of(seen) >= n)
		if (atomic_compare_exchange_weak(at, &seen, seen - n))
			return;
}

/* Count first, then look: of those who would pass the limit together the last one sees all. */
static bool
minute_take(word *ring, uint64_t now, int64_t limit, uint64_t *second)
{
	if (limit > 0 && minute_sum(ring, now) >= (uint64_t)limit)
		return false;
	*second = minute_add(ring, now, 1);
	if (limit == 0 || minute_sum(ring, now) <= (uint64_t)limit)
		return true;
	minute_take_back(ring, *second, 1);
	return false;
}

/* Until the oldest (or the newest) second that counts leaves the minute. */
static int64_t
minute_wait_ms(word *ring, int64_t mono_ms, bool newest)
{
	const uint64_t now = now_second(mono_ms);
	uint64_t found = 0;

	for (unsigned i = 0; i < METER_SECONDS; i++) {
		const uint64_t w = ring[i], s = second_of(w);

		if (count_of(w) > 0 && s + WINDOW_S >= now &&
		    (found == 0 || (newest ? s > found : s < found)))
			found = s;
	}
	return found == 0 ? 0 : (int64_t)(found + WINDOW_S + 1 - now) * 1000 - mono_ms % 1000;
}

/* ---- a calendar window: its number and what was spent in it ---- */

static uint64_t
day_of(int64_t wall_ms)
{
	return (uint64_t)(wall_ms / DAY_MS) & 0xffff;
}

static uint64_t
month_of(int64_t wall_ms)
{
	const time_t seconds = (time_t)(wall_ms / 1000);
	struct tm tm;

	gmtime_r(&seconds, &tm);
	return ((uint64_t)tm.tm_year - 70) * 12 + (uint64_t)tm.tm_mon;
}

static int64_t
spent(uint64_t w, uint64_t window)
{
	return w >> MONEY_BITS >= window ? (int64_t)(w & MONEY_MAX) : 0;
}

static uint64_t
pack(uint64_t window, int64_t amount)
{
	return window << MONEY_BITS |
	    (uint64_t)(amount < 0        ? 0
		    : amount > MONEY_MAX ? MONEY_MAX
					 : amount);
}

/* A window that was begun is never left for an older one: a clock set back gives nothing back. */
static bool
budget_take(word *w, int64_t limit, int64_t amount, uint64_t *window)
{
	uint64_t seen = *w, in, next;

	do {
		const int64_t had = spent(seen, *window);

		if (limit > 0 && had >= limit)
			return false;
		in = seen >> MONEY_BITS > *window ? seen >> MONEY_BITS : *window;
		next = pack(in, had + amount);
	} while (!atomic_compare_exchange_weak(w, &seen, next));
	*window = in;
	return true;
}

/* In a later window the reservation is gone with its own. */
static void
budget_settle(word *w, uint64_t window, int64_t change)
{
	uint64_t seen = *w;

	while (seen >> MONEY_BITS == window)
		if (atomic_compare_exchange_weak(
			w, &seen, pack(window, spent(seen, window) + change)))
			return;
}

/* ---- one request ---- */

static bool
slot_take(_Atomic int64_t *in_flight, int64_t limit)
{
	int64_t seen = *in_flight;

	do {
		if (limit > 0 && seen >= limit)
			return false;
	} while (!atomic_compare_exchange_weak(in_flight, &seen, seen + 1));
	return true;
}

enum limit_verdict
limit_take(struct key_meter *m, const struct key_limits *l, struct limit_clock now,
    struct limit_hold *hold)
{
	const uint64_t second = now_second(now.mono_ms);
	struct limit_hold h = {
		.held = true, .day = day_of(now.wall_ms), .month = month_of(now.wall_ms)
	};
	enum limit_verdict no = LIMIT_OK;
	uint64_t counted = 0;

	h.reserved_micro_usd = m->dearest_micro_usd;
	if (l->tokens_per_minute > 0 &&
	    minute_sum(m->tokens, second) >= (uint64_t)l->tokens_per_minute)
		return LIMIT_TOKENS;
	if (!slot_take(&m->in_flight, l->concurrency))
		return LIMIT_CONCURRENCY;
	if (!minute_take(m->requests, second, l->requests_per_minute, &counted)) {
		no = LIMIT_REQUESTS;
	} else if (!budget_take(&m->day, l->day_micro_usd, h.reserved_micro_usd, &h.day)) {
		no = LIMIT_DAY;
	} else if (!budget_take(&m->month, l->month_micro_usd, h.reserved_micro_usd, &h.month)) {
		budget_settle(&m->day, h.day, -h.reserved_micro_usd);
		no = LIMIT_MONTH;
	}
	if (no != LIMIT_OK) {
		if (no != LIMIT_REQUESTS)
			minute_take_back(m->requests, counted, 1);
		m->in_flight--;
		return no;
	}
	*hold = h;
	return LIMIT_OK;
}

static int64_t
sane(int64_t n, int64_t max)
{
	return n < 0 ? 0 : n > max ? max : n;
}

static void
expect(struct key_meter *m, int64_t micro_usd)
{
	int64_t dearest = m->dearest_micro_usd;

	while (micro_usd > dearest &&
	    !atomic_compare_exchange_weak(&m->dearest_micro_usd, &dearest, micro_usd))
		;
}

void
limit_settle(struct key_meter *m, struct limit_clock now, struct limit_hold *h, int64_t tokens,
    int64_t micro_usd)
{
	if (!h->held)
		return;
	h->held = false;
	tokens = sane(tokens, COUNT_MAX);
	micro_usd = sane(micro_usd, CALL_MAX_MICRO_USD);
	if (tokens > 0)
		minute_add(m->tokens, now_second(now.mono_ms), (uint64_t)tokens);
	budget_settle(&m->day, h->day, micro_usd - h->reserved_micro_usd);
	budget_settle(&m->month, h->month, micro_usd - h->reserved_micro_usd);
	expect(m, micro_usd);
	m->in_flight--;
}

void
limit_charge(
    struct key_meter *m, int64_t accepted_wall_ms, int64_t beyond_micro_usd, int64_t micro_usd)
{
	beyond_micro_usd = sane(beyond_micro_usd, CALL_MAX_MICRO_USD);
	budget_settle(&m->day, day_of(accepted_wall_ms), beyond_micro_usd);
	budget_settle(&m->month, month_of(accepted_wall_ms), beyond_micro_usd);
	expect(m, sane(micro_usd, CALL_MAX_MICRO_USD));
}

/* ---- after a start ---- */

void
limit_restore_spent(struct key_meter *m, int64_t wall_ms, int64_t day_micro_usd,
    int64_t month_micro_usd, int64_t dearest_micro_usd)
{
	m->day = pack(day_of(wall_ms), day_micro_usd);
	m->month = pack(month_of(wall_ms), month_micro_usd);
	if (dearest_micro_usd > m->dearest_micro_usd)
		m->dearest_micro_usd = sane(dearest_micro_usd, CALL_MAX_MICRO_USD);
}

/* What came from the future, by a clock that was set back, counts as now. */
static void
restore(word *ring, struct limit_clock now, int64_t wall_ms, int64_t n)
{
	const int64_t ago_s = now.wall_ms > wall_ms ? (now.wall_ms - wall_ms) / 1000 : 0;

	if (ago_s <= WINDOW_S && n > 0)
		minute_add(
		    ring, now_second(now.mono_ms) - (uint64_t)ago_s, (uint64_t)sane(n, COUNT_MAX));
}

void
limit_restore_request(struct key_meter *m, struct limit_clock now, int64_t at_wall_ms,
    int64_t done_wall_ms, int64_t tokens)
{
	restore(m->requests, now, at_wall_ms, 1);
	restore(m->tokens, now, done_wall_ms, tokens);
}

/* ---- what is left ---- */

static int64_t
left_of(word *ring, uint64_t now, int64_t limit)
{
	const int64_t used = (int64_t)minute_sum(ring, now);

	return limit == 0 ? -1 : used < limit ? limit - used : 0;
}

static int64_t
budget_left(uint64_t w, uint64_t window, int64_t limit, int64_t reserved)
{
	const int64_t left = limit - spent(w, window) + reserved;

	return left < 0 ? 0 : left < limit ? left : limit;
}

void
limit_left(struct key_meter *m, const struct key_limits *l, struct limit_clock now,
    const struct limit_hold *h, struct limit_left *out)
{
	const int64_t reserved = h != NULL && h->held ? h->reserved_micro_usd : 0;
	const uint64_t second = now_second(now.mono_ms);
	int64_t month;

	*out =
	    (struct limit_left){ .requests = left_of(m->requests, second, l->requests_per_minute),
		    .tokens = left_of(m->tokens, second, l->tokens_per_minute),
		    .budget_micro_usd = -1 };
	if (l->requests_per_minute > 0)
		out->requests_reset_ms = minute_wait_ms(m->requests, now.mono_ms, true);
	if (l->tokens_per_minute > 0)
		out->tokens_reset_ms = minute_wait_ms(m->tokens, now.mono_ms, true);
	if (l->day_micro_usd > 0)
		out->budget_micro_usd =
		    budget_left(m->day, day_of(now.wall_ms), l->day_micro_usd, reserved);
	if (l->month_micro_usd == 0)
		return;
	month = budget_left(m->month, month_of(now.wall_ms), l->month_micro_usd, reserved);
	if (out->budget_micro_usd < 0 || month < out->budget_micro_usd)
		out->budget_micro_usd = month;
}

int64_t
limit_retry_ms(struct key_meter *m, struct limit_clock now, enum limit_verdict verdict)
{
	const int64_t day_left_ms = DAY_MS - now.wall_ms % DAY_MS;
	int64_t ms = BUSY_RETRY_MS;

	switch (verdict) {
	case LIMIT_REQUESTS: ms = minute_wait_ms(m->requests, now.mono_ms, false); break;
	case LIMIT_TOKENS: ms = minute_wait_ms(m->tokens, now.mono_ms, false); break;
	case LIMIT_DAY: ms = day_left_ms; break;
	case LIMIT_MONTH:
		/* Day by day until the month is another one. */
		for (ms = day_left_ms; month_of(now.wall_ms + ms) == month_of(now.wall_ms);)
			ms += DAY_MS;
		break;
	case LIMIT_OK:
	case LIMIT_CONCURRENCY: break;
	}
	return ms > 1 ? ms : 1;
}
