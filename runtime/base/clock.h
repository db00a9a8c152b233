/*
 * clock.h - the two clocks and their written form.
 */
#ifndef JANUS_BASE_CLOCK_H
#define JANUS_BASE_CLOCK_H
#include <stddef.h>
#include <stdint.h>

#define CLOCK_TEXT_MAX 32

/** clock_now_ms - monotonic milliseconds: for durations and deadlines only. */
int64_t clock_now_ms(void);
/** clock_now_us - monotonic microseconds. */
int64_t clock_now_us(void);
/** clock_wall_ms - milliseconds since 1970 UTC: for what people read and what is stored. */
int64_t clock_wall_ms(void);
/** clock_format - RFC 3339 UTC with milliseconds and Z; out holds CLOCK_TEXT_MAX; returns it. */
const char *clock_format(int64_t wall_ms, char *out);
/** clock_parse - the same form (fraction optional) back; -1 where it is not one. */
int64_t clock_parse(const char *text);
#endif
