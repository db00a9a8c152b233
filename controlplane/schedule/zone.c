/*
 * zone.c - TZif files: a table of instants at which an offset begins, and a rule for all after them.
 */
#include "controlplane/schedule/zone.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/schedule/days.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/str.h"

#define FILE_MAX ((size_t)1 << 20)
#define HEAD_BYTES 44
#define OFFSET_MAX (26 * 3600) /* no clock is further from UTC */
#define FAR INT64_MAX

struct rule_day { /* when an offset begins, in a year */
	enum { RULE_JULIAN, RULE_DAY, RULE_WEEK } kind;
	int month, week, day; /* of RULE_WEEK; day alone of the others */
	int64_t seconds; /* after midnight, of the clocks until then */
};
struct rule {
	bool there, has_summer;
	int64_t winter, summer; /* offsets */
	struct rule_day begins, ends; /* of summer */
};
struct zone {
	size_t len;
	int64_t *at, *offset; /* owned; offset[i] from at[i] on */
	int64_t before; /* offset until the first of them */
	struct rule rule; /* after the last of them */
};

void
zone_free(struct zone *z)
{
	if (z == NULL)
		return;
	free(z->at);
	free(z->offset);
	free(z);
}

static void
zone_freep(struct zone **z)
{
	zone_free(*z);
}

/* ---- the rule at the end: "CET-1CEST,M3.5.0,M10.5.0/3" ---- */

static bool
read_name(const char **p)
{
	const char *s = *p;

	if (*s == '<') {
		s += strcspn(s, ">");
		if (*s != '>')
			return false;
		*p = s + 1;
		return true;
	}
	while (isalpha((unsigned char)*s))
		s++;
	const bool ok = s - *p >= 3;
	*p = s;
	return ok;
}

static bool
read_number(const char **p, int max, int *out)
{
	int n = 0;

	if (!isdigit((unsigned char)**p))
		return false;
	while (isdigit((unsigned char)**p) && n <= max)
		n = n * 10 + *(*p)++ - '0';
	*out = n;
	return n <= max;
}

/* [+-]hh[:mm[:ss]] in seconds. */
static bool
read_time(const char **p, int hours_max, int64_t *out)
{
	const int sign = **p == '-' ? -1 : 1;
	int part[3] = { 0 };

	*p += **p == '-' || **p == '+';
	if (!read_number(p, hours_max, &part[0]))
		return false;
	for (int i = 1; i < 3 && **p == ':'; i++) {
		++*p;
		if (!read_number(p, 59, &part[i]))
			return false;
	}
	*out = sign * (part[0] * INT64_C(3600) + part[1] * 60 + part[2]);
	return true;
}

static bool
expect(const char **p, char c)
{
	if (**p != c)
		return false;
	++*p;
	return true;
}

static bool
read_rule_day(const char **p, struct rule_day *d)
{
	*d = (struct rule_day){ .kind = RULE_DAY, .seconds = 2 * 3600 };
	if (!expect(p, ','))
		return false;
	if (expect(p, 'M')) {
		d->kind = RULE_WEEK;
		if (!read_number(p, 12, &d->month) || d->month < 1 || !expect(p, '.') ||
		    !read_number(p, 5, &d->week) || d->week < 1 || !expect(p, '.') ||
		    !read_number(p, 6, &d->day))
			return false;
	} else {
		if (expect(p, 'J'))
			d->kind = RULE_JULIAN;
		if (!read_number(p, 365, &d->day) || (d->kind == RULE_JULIAN && d->day < 1))
			return false;
	}
	return !expect(p, '/') || read_time(p, 167, &d->seconds);
}

static bool
read_rule(const char *p, struct rule *r)
{
	int64_t west;

	if (!read_name(&p) || !read_time(&p, 24, &west))
		return false;
	r->there = true;
	r->winter = -west;
	if (*p == '\0')
		return true;
	r->has_summer = true;
	r->summer = r->winter + 3600;
	if (!read_name(&p))
		return false;
	if (*p != ',') {
		if (!read_time(&p, 24, &west))
			return false;
		r->summer = -west;
	}
	return read_rule_day(&p, &r->begins) && read_rule_day(&p, &r->ends) && *p == '\0';
}

static bool
is_leap(int64_t year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* The local midnight of that day of the year, in days. */
static int64_t
rule_days(const struct rule_day *d, int64_t year)
{
	const int64_t first = days_of(year, d->kind == RULE_WEEK ? d->month : 1, 1);

	if (d->kind == RULE_DAY)
		return first + d->day;
	if (d->kind == RULE_JULIAN) /* 29 February is never counted */
		return first + d->day - 1 + (is_leap(year) && d->day > 59);
	int64_t day = first + (d->day - date_of(first).weekday + 7) % 7 + 7 * (d->week - 1);
	while (date_of(day).month != d->month) /* week 5 is the last */
		day -= 7;
	return day;
}

/* ---- what holds when ---- */

struct segment {
	int64_t from, until, offset; /* until is not in it */
};

static void
narrow(struct segment *s, int64_t at, int64_t offset, int64_t utc)
{
	if (at <= utc && at >= s->from) {
		s->from = at;
		s->offset = offset;
	} else if (at > utc && at < s->until) {
		s->until = at;
	}
}

/* Of the rule alone; it is not said from when on there is one. */
static struct segment
rule_segment(const struct rule *r, int64_t utc)
{
	const int64_t year = date_of(floor_div(utc + r->winter, DAY_SECONDS)).year;
	struct segment s = { .from = -FAR, .until = FAR, .offset = r->winter };

	for (int64_t y = year - 1; r->has_summer && y <= year + 1; y++) {
		narrow(&s, rule_days(&r->begins, y) * DAY_SECONDS + r->begins.seconds - r->winter,
		    r->summer, utc);
		narrow(&s, rule_days(&r->ends, y) * DAY_SECONDS + r->ends.seconds - r->summer,
		    r->winter, utc);
	}
	return s;
}

static struct segment
segment_of(const struct zone *z, int64_t utc)
{
	struct segment s = { .from = -FAR, .until = FAR, .offset = z->before };
	size_t low = 0, high = z->len; /* how many begin at or before utc */

	while (low < high) {
		const size_t mid = low + (high - low) / 2;

		if (z->at[mid] <= utc)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < z->len) {
		s.until = z->at[low];
		if (low > 0) {
			s.from = z->at[low - 1];
			s.offset = z->offset[low - 1];
		}
		return s;
	}
	if (low > 0) {
		s.from = z->at[low - 1];
		s.offset = z->offset[low - 1];
	}
	if (z->rule.there) {
		const struct segment r = rule_segment(&z->rule, utc);

		s = (struct segment){ r.from > s.from ? r.from : s.from, r.until, r.offset };
	}
	return s;
}

int64_t
zone_offset(const struct zone *z, int64_t utc)
{
	return segment_of(z, utc).offset;
}

int64_t
zone_instant(const struct zone *z, int64_t local)
{
	struct segment s = segment_of(z, local - OFFSET_MAX);

	while (local - s.offset >= s.until)
		s = segment_of(z, s.until);
	/* Before it begins: the clocks leapt over that time. */
	return local - s.offset < s.from ? s.from : local - s.offset;
}

/* ---- the file ---- */

static int64_t
number_at(const unsigned char *p, size_t bytes)
{
	uint64_t n = (p[0] & 0x80) != 0 ? UINT64_MAX : 0;

	for (size_t i = 0; i < bytes; i++)
		n = n << 8 | p[i];
	return (int64_t)n;
}

struct counts { /* of a block */
	size_t isut, isstd, leap, time, type, chars;
};

static bool
read_counts(const unsigned char *p, size_t len, struct counts *c)
{
	size_t *const fields[] = { &c->isut, &c->isstd, &c->leap, &c->time, &c->type, &c->chars };

	if (len < HEAD_BYTES || memcmp(p, "TZif", 4) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		const int64_t n = number_at(p + 20 + 4 * i, 4);

		if (n < 0 || n > (int64_t)FILE_MAX)
			return false;
		*fields[i] = (size_t)n;
	}
	return c->type > 0;
}

static size_t
block_bytes(const struct counts *c, size_t time_bytes)
{
	return c->time * (time_bytes + 1) + c->type * 6 + c->chars + c->leap * (time_bytes + 4) +
	    c->isstd + c->isut;
}

static bool
read_table(const unsigned char *p, const struct counts *c, struct zone *z)
{
	const unsigned char *index = p + c->time * 8, *types = index + c->time;

	z->at = mem_zalloc((c->time + 1) * sizeof(*z->at));
	z->offset = mem_zalloc((c->time + 1) * sizeof(*z->offset));
	z->before = number_at(types, 4);
	for (size_t i = 0; i < c->time; i++) {
		z->at[i] = number_at(p + 8 * i, 8);
		if (index[i] >= c->type || (i > 0 && z->at[i] <= z->at[i - 1]))
			return false;
		z->offset[i] = number_at(types + 6 * (size_t)index[i], 4);
		if (llabs(z->offset[i]) > OFFSET_MAX)
			return false;
	}
	z->len = c->time;
	return llabs(z->before) <= OFFSET_MAX;
}

static struct zone *
refuse(struct error *err, const char *why)
{
	error_set(err, ERROR_INVALID, "the file of the time zone %s", why);
	return NULL;
}

/* Version 1 has times of 32 bits; it is skipped.  Any later one has them again with 64, and a rule. */
struct zone *
zone_parse(const char *bytes, size_t len, struct error *err)
{
	_cleanup_(zone_freep) struct zone *z = mem_zalloc(sizeof(*z));
	const unsigned char *p = (const unsigned char *)bytes;
	struct counts c;

	if (!read_counts(p, len, &c))
		return refuse(err, "is none");
	if (p[4] < '2')
		return refuse(err, "is of version 1, which ends in 2037");
	if (HEAD_BYTES + block_bytes(&c, 4) > len)
		return refuse(err, "is cut");
	len -= HEAD_BYTES + block_bytes(&c, 4);
	p += HEAD_BYTES + block_bytes(&c, 4);
	if (!read_counts(p, len, &c) || HEAD_BYTES + block_bytes(&c, 8) > len)
		return refuse(err, "is cut");
	if (c.leap != 0)
		return refuse(err, "counts leap seconds; take the one without");
	if (!read_table(p + HEAD_BYTES, &c, z))
		return refuse(err, "has times or offsets that cannot be");
	p += HEAD_BYTES + block_bytes(&c, 8);
	len -= HEAD_BYTES + block_bytes(&c, 8);
	if (len >= 2 && p[0] == '\n') {
		const char *end = memchr(p + 1, '\n', len - 1);
		_cleanup_free_ char *rule = str_ndup(
		    (const char *)p + 1, end != NULL ? (size_t)(end - (const char *)p) - 1 : 0);

		if (rule[0] != '\0' && !read_rule(rule, &z->rule))
			return refuse(err, "ends in a rule that cannot be read");
	}
	return TAKE(z);
}

static bool
name_valid(const char *name)
{
	const size_t len = strlen(name);

	if (len == 0 || len >= 64 || name[0] == '/' || strstr(name, "..") != NULL)
		return false;
	return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
	    len;
}

struct zone *
zone_open(const char *name, struct error *err)
{
	const char *dir = getenv("TZDIR");
	_cleanup_free_ char *path = NULL, *bytes = NULL;
	struct error why = { 0 };
	struct zone *z;
	size_t len = 0;

	if (!name_valid(name)) {
		error_set(err, ERROR_INVALID,
		    "'%.64s' is no name of a time zone; they look like Europe/Prague, or UTC",
		    name);
		return NULL;
	}
	if (strcmp(name, "UTC") == 0)
		return mem_zalloc(sizeof(struct zone));
	path = str_printf("%s/%s", dir != NULL ? dir : "/usr/share/zoneinfo", name);
	if (file_read(path, FILE_MAX, &bytes, &len, &why) < 0) {
		error_set(err, ERROR_NOT_FOUND,
		    "the time zone '%.64s' is not known here (%.120s); is tzdata installed?", name,
		    why.text);
		return NULL;
	}
	z = zone_parse(bytes, len, &why);
	if (z == NULL)
		error_set(err, ERROR_INVALID, "time zone '%.64s': %s", name, why.text);
	return z;
}
