/*
 * account.h - what each competitor has spent of its day, whichever of its pods spent it.
 *
 * Kept in a file, so that a broker that is started again does not begin with a full purse.  It is
 * written before the turn ends in which something was held, but not synced: it outlives the
 * broker, not the power.  What is held counts there as spent: a call that a crash cut short was
 * paid for.
 */
#ifndef JANUS_PLATFORM_ACCOUNT_H
#define JANUS_PLATFORM_ACCOUNT_H
#include <stdbool.h>
#include <stdint.h>

#include "controlplane/platform/policy.h"
#include "controlplane/platform/quota.h"
#include "runtime/base/map.h"
#include "runtime/loop/loop.h"
struct error;

#define DAY_MS 86400000LL

struct account {
	struct quota_meter day;
	struct quota_rate rates[SERVICE_COUNT];
};
struct accounts { /* zero-initialised: in memory alone */
	struct map by_competitor; /* name to struct account, owned */
	int64_t day; /* days since 1970 UTC */
	struct loop *loop;
	char *path; /* owned; NULL: not kept */
	struct turn_end save;
};

/** accounts_open - read what was kept at path and keep it there from now on.  Nothing there is fine;
 *  what cannot be read is logged, and begun anew. */
void accounts_open(struct accounts *, struct loop *, const char *path);
/** accounts_close - write it once more, synced. */
void accounts_close(struct accounts *);
/** account_of - a competitor's, of the day that wall_ms is in; made on first use. */
struct account *account_of(struct accounts *, const char *competitor, int64_t wall_ms);
/** accounts_changed - something was held or settled: keep it when this turn ends. */
void accounts_changed(struct accounts *);
/** accounts_text - as kept, the caller's; accounts_read - the reverse, of today. Pure. */
char *accounts_text(const struct accounts *);
int accounts_read(struct accounts *, const char *text, size_t len, int64_t wall_ms, struct error *);
#endif
