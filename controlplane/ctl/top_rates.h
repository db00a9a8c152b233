/*
 * top_rates.h - two snapshots of /api/v1/top to what people read.  Pure.
 */
#ifndef JANUS_CTL_TOP_RATES_H
#define JANUS_CTL_TOP_RATES_H
#include <cjson/cJSON.h>

/**
 * top_rates - a list object with a row a competitor.
 *
 * before: NULL, or an earlier snapshot of the same daemon: rates are between the two, and so are
 * the percentiles; where nothing came in between, these are since the daemon's start.  The result
 * is the caller's.
 */
cJSON *top_rates(const cJSON *before, const cJSON *now);
/** top_percentile - in ms by linear interpolation inside its bucket; -1 if there is nothing.
 *  le_ms: n ascending bounds, counts: n + 1 (the last above all bounds). */
double top_percentile(const double *le_ms, const double *counts, size_t n, double q);
#endif
