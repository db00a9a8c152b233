/*
 * quota.c - the arithmetic of budgets.
 */
#include "controlplane/platform/quota.h"

#define MINUTE_MS 60000

static const char *const words[QUOTA_COUNT] = {
#define X(name, text) [QUOTA_##name] = (text),
	QUOTA_KINDS(X)
#undef X
};

const char *
quota_kind_word(enum quota_kind kind)
{
	return words[kind];
}

int64_t
quota_kind_scale(enum quota_kind kind)
{
	switch (kind) {
	case QUOTA_COST: return 1000000;
	case QUOTA_SANDBOX: return 1000;
	default: return 1;
	}
}

/* Neither goes below zero nor beyond the largest number. */
static int64_t
plus(int64_t a, int64_t b)
{
	if (a < 0)
		a = 0;
	if (b < 0)
		b = 0;
	return a > INT64_MAX - b ? INT64_MAX : a + b;
}

static int64_t
minus(int64_t a, int64_t b)
{
	return b > 0 ? (a > b ? a - b : 0) : a;
}

int64_t
quota_left(const struct quota_meter *m, const struct quota_amounts *limits, enum quota_kind kind)
{
	if (limits->of[kind] == QUOTA_UNLIMITED)
		return QUOTA_UNLIMITED;
	return minus(limits->of[kind], plus(m->spent.of[kind], m->held.of[kind]));
}

bool
quota_fits(const struct quota_meter *m, const struct quota_amounts *limits,
    const struct quota_amounts *wanted, enum quota_kind *which)
{
	for (int i = 0; i < QUOTA_COUNT; i++) {
		const enum quota_kind kind = (enum quota_kind)i;

		if (wanted->of[i] <= 0 || wanted->of[i] <= quota_left(m, limits, kind))
			continue;
		*which = kind;
		return false;
	}
	return true;
}

void
quota_hold(struct quota_meter *m, const struct quota_amounts *wanted)
{
	for (int i = 0; i < QUOTA_COUNT; i++)
		m->held.of[i] = plus(m->held.of[i], wanted->of[i]);
}

void
quota_settle(
    struct quota_meter *m, const struct quota_amounts *held, const struct quota_amounts *used)
{
	for (int i = 0; i < QUOTA_COUNT; i++) {
		m->held.of[i] = minus(m->held.of[i], held->of[i]);
		m->spent.of[i] = plus(m->spent.of[i], used->of[i]);
	}
}

bool
quota_rate_take(struct quota_rate *r, int64_t per_minute, int64_t now_ms, int64_t *wait_ms)
{
	if (per_minute <= 0)
		return true;
	const int64_t each_ms = per_minute < MINUTE_MS ? MINUTE_MS / per_minute : 1;

	r->taken_ms = minus(r->taken_ms, now_ms - r->at_ms);
	r->at_ms = now_ms;
	if (r->taken_ms + each_ms > MINUTE_MS) {
		*wait_ms = r->taken_ms + each_ms - MINUTE_MS;
		return false;
	}
	r->taken_ms += each_ms;
	return true;
}
