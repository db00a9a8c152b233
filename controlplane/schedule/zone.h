/*
 * zone.h - a time zone of the IANA database: what its clocks show, and when they showed it.
 *
 * Read from the files of tzdata (RFC 8536) and not through the C library, whose zone is one for the
 * whole process.  Leap seconds are not counted, as everywhere in Unix time.
 */
#ifndef JANUS_SCHEDULE_ZONE_H
#define JANUS_SCHEDULE_ZONE_H
#include <stddef.h>
#include <stdint.h>
struct error;
struct zone;

/** zone_open - by name, "Europe/Prague"; UTC needs no file. INVALID: no name of a zone; NOT_FOUND:
 *  there is no such zone, or this machine has no tzdata.  Reads a small file. */
struct zone *zone_open(const char *name, struct error *);
/** zone_parse - the bytes of such a file; NULL with INVALID. Pure. */
struct zone *zone_parse(const char *bytes, size_t len, struct error *);
void zone_free(struct zone *); /* NULL is fine */
/** zone_offset - seconds to add to UTC for the local time at that instant (seconds since 1970). */
int64_t zone_offset(const struct zone *, int64_t utc);
/**
 * zone_instant - when its clocks show a local time, given in seconds as if it were UTC.
 *
 * A time that clocks show twice is its first instant; one that they leap over is the first instant
 * after the leap.  So it never falls as local grows.
 */
int64_t zone_instant(const struct zone *, int64_t local);
#endif
