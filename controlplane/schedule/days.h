/*
 * days.h - days since 1970 to year, month and day, and back. Pure; any year.
 */
#ifndef JANUS_SCHEDULE_DAYS_H
#define JANUS_SCHEDULE_DAYS_H
#include <stdint.h>

#define DAY_SECONDS INT64_C(86400)

struct date {
	int64_t year;
	int month, day; /* from 1 */
	int weekday; /* 0 is Sunday */
};
/* floor_div - rounds down, below zero too. */
static inline int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/** days_of - of a date; weekday is not looked at. */
int64_t days_of(int64_t year, int month, int day);
struct date date_of(int64_t days);
#endif
