/*
 * cron.h - when a schedule is due: five fields, in the time of a zone.
 *
 * Pure.  minute hour day month weekday, each "*", "5", "1-5", "1-20/5" or "*" with a step, and lists of
 * these; months and weekdays also by their first three letters, Sunday is 0 or 7.  @yearly, @monthly,
 * @weekly, @daily and @hourly are short for the usual.  As in every cron, where both day and weekday
 * are given (neither begins with "*"), either is enough.
 *
 * Each matching local minute is one tick: one that clocks leap over comes at the first instant after
 * the leap, together with all others of that leap; one that they show twice comes the first time only.
 */
#ifndef JANUS_SCHEDULE_CRON_H
#define JANUS_SCHEDULE_CRON_H
#include <stdbool.h>
#include <stdint.h>
struct error;
struct zone;

struct cron { /* bits: minute 0 is bit 0, the first day is bit 1, Sunday is bit 0 */
	uint64_t minutes, hours, days, months, weekdays;
	bool either; /* day or weekday, instead of both */
};
/** cron_parse - INVALID says which field, or that it never comes ("0 0 31 2 *"). */
int cron_parse(const char *text, struct cron *, struct error *);
/** cron_next - the first tick after that instant, in seconds since 1970; a tick is never at it. */
int64_t cron_next(const struct cron *, const struct zone *, int64_t after);
#endif
