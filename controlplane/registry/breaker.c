/*
 * breaker.c - count, open, probe, close.
 */
#include "controlplane/registry/breaker.h"

#include <string.h>

#define DOUBLINGS_MAX 20

static const char *const words[] = {
#define X(name, word) [BREAKER_##name] = word,
	BREAKER_STATES(X)
#undef X
};

const char *
breaker_state_name(enum breaker_state state)
{
	return words[state];
}

void
breaker_init(struct breaker *b, int64_t now_ms)
{
	*b = (struct breaker){ .counted_ms = now_ms };
}

bool
breaker_admits(const struct breaker *b, int64_t now_ms)
{
	return b->state == BREAKER_CLOSED || (b->state == BREAKER_OPEN && now_ms >= b->until_ms);
}

bool
breaker_enter(struct breaker *b, int64_t now_ms, struct breaker_pass *pass)
{
	if (!breaker_admits(b, now_ms))
		return false;
	*pass = (struct breaker_pass){ b->round, b->state == BREAKER_OPEN };
	if (pass->probe)
		b->state = BREAKER_HALF_OPEN;
	return true;
}

static int64_t
slice_at(const struct breaker_rules *rules, int64_t now_ms)
{
	return now_ms / (rules->window_ms / BREAKER_SLICES);
}

static struct breaker_slice *
slice_now(struct breaker *b, const struct breaker_rules *rules, int64_t now_ms)
{
	const int64_t number = slice_at(rules, now_ms);
	struct breaker_slice *s = &b->slices[number % BREAKER_SLICES];

	if (s->number != number)
		*s = (struct breaker_slice){ .number = number };
	return s;
}

void
breaker_good(struct breaker *b, const struct breaker_rules *rules, uint64_t n, int64_t now_ms)
{
	const int64_t passed_ms = now_ms - b->counted_ms;

	b->counted_ms = now_ms;
	if (n == 0 || b->state != BREAKER_CLOSED)
		return;
	b->in_row = 0;
	/* They came over a longer time than the window: its share of them. */
	if (passed_ms > rules->window_ms)
		n = (uint64_t)((double)n * (double)rules->window_ms / (double)passed_ms) + 1;
	slice_now(b, rules, now_ms)->good += n;
}

static void
trip(struct breaker *b, const struct breaker_rules *rules, int64_t retry_ms, int64_t now_ms)
{
	int64_t back_off_ms = rules->open_ms;

	for (int i = 0; i < b->openings && i < DOUBLINGS_MAX && back_off_ms < rules->open_max_ms;
	     i++)
		back_off_ms *= 2;
	if (retry_ms > 0)
		back_off_ms = retry_ms;
	if (back_off_ms > rules->open_max_ms)
		back_off_ms = rules->open_max_ms;
	b->state = BREAKER_OPEN;
	b->until_ms = now_ms + back_off_ms;
	b->openings += b->openings < DOUBLINGS_MAX;
	b->round++;
}

static void
close_again(struct breaker *b, int64_t now_ms)
{
	const unsigned round = b->round + 1;

	breaker_init(b, now_ms);
	b->round = round;
}

static bool
too_many(struct breaker *b, const struct breaker_rules *rules, int64_t now_ms)
{
	const int64_t oldest = slice_at(rules, now_ms) - BREAKER_SLICES;
	uint64_t good = 0, bad = 0;

	if (rules->failures > 0 && b->in_row >= rules->failures)
		return true;
	for (unsigned i = 0; i < BREAKER_SLICES; i++)
		if (b->slices[i].number > oldest) {
			good += b->slices[i].good;
			bad += b->slices[i].bad;
		}
	return rules->ratio_percent > 0 && good + bad >= (uint64_t)rules->ratio_least &&
	    bad * 100 >= (good + bad) * (uint64_t)rules->ratio_percent;
}

bool
breaker_report(struct breaker *b, const struct breaker_rules *rules,
    const struct breaker_pass *pass, enum breaker_result result, int64_t retry_ms, int64_t now_ms)
{
	if (pass->round != b->round || pass->probe != (b->state == BREAKER_HALF_OPEN))
		return false;
	if (pass->probe && result == BREAKER_NEUTRAL) {
		b->state = BREAKER_OPEN; /* the next one may try at once */
		b->until_ms = now_ms;
		b->round++;
		return true;
	}
	if (pass->probe && result == BREAKER_GOOD) {
		close_again(b, now_ms);
		return true;
	}
	if (result == BREAKER_GOOD)
		breaker_good(b, rules, 1, now_ms);
	if (result != BREAKER_BAD || b->state == BREAKER_OPEN)
		return false;
	b->in_row++;
	slice_now(b, rules, now_ms)->bad++;
	if (!pass->probe && !too_many(b, rules, now_ms))
		return false;
	trip(b, rules, retry_ms, now_ms);
	return true;
}
