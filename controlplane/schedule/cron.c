/*
 * cron.c - read five fields, and find the next minute that they all match.
 */
#include "controlplane/schedule/cron.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "controlplane/schedule/days.h"
#include "controlplane/schedule/zone.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/str.h"

#define DAYS_AHEAD (41 * 366) /* a 29 February on a given weekday comes within 40 years */

static const char *const month_names[] = { "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
	"sep", "oct", "nov", "dec", NULL };
static const char *const weekday_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat",
	NULL };

struct field {
	const char *name;
	int min, max;
	const char *const *names; /* of min and those after it; NULL: none */
	size_t at;
};
static const struct field fields[] = {
	{ "minute", 0, 59, NULL, offsetof(struct cron, minutes) },
	{ "hour", 0, 23, NULL, offsetof(struct cron, hours) },
	{ "day", 1, 31, NULL, offsetof(struct cron, days) },
	{ "month", 1, 12, month_names, offsetof(struct cron, months) },
	{ "weekday", 0, 7, weekday_names, offsetof(struct cron, weekdays) },
};
static const struct {
	const char *word, *means;
} macros[] = {
	{ "@yearly", "0 0 1 1 *" },
	{ "@annually", "0 0 1 1 *" },
	{ "@monthly", "0 0 1 * *" },
	{ "@weekly", "0 0 * * 0" },
	{ "@daily", "0 0 * * *" },
	{ "@midnight", "0 0 * * *" },
	{ "@hourly", "0 * * * *" },
};

/* A number or a name; -1. */
static int
read_value(const struct field *f, const char **p)
{
	int n = 0;

	for (int i = 0; f->names != NULL && f->names[i] != NULL; i++)
		if (strncasecmp(*p, f->names[i], 3) == 0 && !isalpha((unsigned char)(*p)[3])) {
			*p += 3;
			return f->min + i;
		}
	if (!isdigit((unsigned char)**p))
		return -1;
	while (isdigit((unsigned char)**p) && n < 1000)
		n = n * 10 + *(*p)++ - '0';
	return n;
}

/* One member of a list, up to a comma or the end. */
static bool
read_range(const struct field *f, const char **p, uint64_t *bits)
{
	int from = f->min, to = f->max, step = 1;
	const bool is_star = **p == '*';

	if (is_star) {
		++*p;
		if (f->max == 7)
			to = 6;
	} else {
		from = to = read_value(f, p);
		if (**p == '-') {
			++*p;
			to = read_value(f, p);
		} else if (**p == '/') {
			return false; /* "5/10": some crons read it one way, some another */
		}
	}
	if (**p == '/') {
		++*p;
		step = isdigit((unsigned char)**p) ? read_value(&fields[0], p) : 0;
	}
	if (from < 0 || from < f->min || to > f->max || from > to || step < 1 || step > f->max)
		return false;
	for (int i = from; i <= to; i += step)
		*bits |= UINT64_C(1) << i;
	return **p == ',' || **p == '\0';
}

static int
read_field(const struct field *f, const char *text, struct cron *c, struct error *err)
{
	uint64_t bits = 0;
	const char *p = text;

	do {
		p += *p == ',' && p > text;
		if (!read_range(f, &p, &bits))
			return error_set(err, ERROR_INVALID,
			    "cron: '%.40s' is no %s: %d to %d, *, a range, steps as */5 or 1-9/2, "
			    "or a "
			    "list of these",
			    text, f->name, f->min, f->max);
	} while (*p == ',');
	if (f->max == 7 && (bits >> 7 & 1) != 0)
		bits |= 1;
	memcpy((char *)c + f->at, &bits, sizeof(bits));
	return 0;
}

static bool
day_matches(const struct cron *c, int64_t days)
{
	const struct date d = date_of(days);
	const bool day = (c->days >> d.day & 1) != 0, weekday = (c->weekdays >> d.weekday & 1) != 0;

	return (c->months >> d.month & 1) != 0 && (c->either ? day || weekday : day && weekday);
}

static int
check_comes(const struct cron *c, const char *text, struct error *err)
{
	for (int64_t day = 0; day < DAYS_AHEAD; day++)
		if (day_matches(c, day))
			return 0;
	return error_set(
	    err, ERROR_INVALID, "cron: '%.80s' never comes: no year has such a day", text);
}

int
cron_parse(const char *text, struct cron *out, struct error *err)
{
	struct cron c = { 0 };
	_cleanup_free_ char *copy = NULL;
	char *rest = NULL, *word[6] = { NULL };
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(macros); i++)
		if (strcasecmp(text, macros[i].word) == 0)
			text = macros[i].means;
	if (text[0] == '@')
		return error_set(err, ERROR_INVALID,
		    "cron: '%.40s' is not known; there are @yearly @monthly @weekly @daily @hourly",
		    text);
	copy = str_dup(text);
	for (char *w = strtok_r(copy, " \t", &rest); w != NULL && n < ARRAY_LEN(word);
	     w = strtok_r(NULL, " \t", &rest))
		word[n++] = w;
	if (n != ARRAY_LEN(fields))
		return error_set(err, ERROR_INVALID,
		    "cron: '%.80s' has not five fields: minute hour day month weekday", text);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (read_field(&fields[i], word[i], &c, err) < 0)
			return -1;
	c.either = word[2][0] != '*' && word[4][0] != '*';
	if (check_comes(&c, text, err) < 0)
		return -1;
	*out = c;
	return 0;
}

/* The first tick of a day after that instant; or after itself, if there is none. */
static int64_t
next_of_day(const struct cron *c, const struct zone *z, int64_t day, int64_t after)
{
	for (int minute = 0; minute < 24 * 60; minute++) {
		if ((c->hours >> (minute / 60) & 1) == 0 || (c->minutes >> (minute % 60) & 1) == 0)
			continue;
		const int64_t at = zone_instant(z, day * DAY_SECONDS + minute * INT64_C(60));

		if (at > after)
			return at;
	}
	return after;
}

int64_t
cron_next(const struct cron *c, const struct zone *z, int64_t after)
{
	/* Two days before: clocks were set back by a day already, where the date line moved. */
	const int64_t first = floor_div(after + zone_offset(z, after), DAY_SECONDS) - 2;
	int64_t at = after;

	for (int64_t day = first; day < first + DAYS_AHEAD && at == after; day++)
		if (day_matches(c, day))
			at = next_of_day(c, z, day, after);
	return at == after ? INT64_MAX : at;
}
