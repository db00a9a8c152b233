/*
 * days.c - the calendar, counted from 1 March of year 0, so that leap days come last.
 */
#include "controlplane/schedule/days.h"

#define ERA_DAYS 146097 /* 400 years */
#define TO_1970 719468

int64_t
days_of(int64_t year, int month, int day)
{
	const int64_t y = year - (month <= 2);
	const int64_t era = floor_div(y, 400), of_era = y - era * 400;
	const int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - TO_1970;
}

struct date
date_of(int64_t days)
{
	const int64_t z = days + TO_1970;
	const int64_t era = floor_div(z, ERA_DAYS), of_era = z - era * ERA_DAYS;
	const int64_t year =
	    (of_era - of_era / 1460 + of_era / 36524 - of_era / (ERA_DAYS - 1)) / 365;
	const int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	const int m = (int)((5 * of_year + 2) / 153);
	const int month = m + (m < 10 ? 3 : -9);

	return (struct date){
		.year = year + era * 400 + (month <= 2),
		.month = month,
		.day = (int)(of_year - (153 * m + 2) / 5 + 1),
		.weekday = (int)(days + 4 - floor_div(days + 4, 7) * 7),
	};
}
