/*
 * filter.h - choose and order the objects of a list.  Pure.
 */
#ifndef JANUS_CTL_FILTER_H
#define JANUS_CTL_FILTER_H
#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

#include "controlplane/ctl/kinds.h"
#include "runtime/base/cli/options.h"
struct buf;
struct error;

/** ctl_value_text - append a value as words; nothing for null or NULL. */
void ctl_value_text(struct buf *out, const cJSON *value);
/** ctl_field_text - append the value at path ("a.b", "a|b") as words; nothing for null or absent. */
void ctl_field_text(struct buf *out, const cJSON *object, const char *path);
/** ctl_field_path - the path for a title of kind, or key itself. */
const char *ctl_field_path(const struct ctl_kind *, const char *key);

/**
 * ctl_filter - keep what fits every term: KEY=VALUE, KEY!=VALUE, KEY~=GLOB.
 *
 * Returns 0, or -1 with INVALID for a term that is none, or a key that no object has.
 */
int ctl_filter(cJSON *data, const struct ctl_kind *, const struct option_list *, struct error *);
/** ctl_sort - stable, by "[-]KEY[,...]": numbers as numbers, nothing last. 0, or -1 as above. */
int ctl_sort(cJSON *data, const struct ctl_kind *, const char *spec, struct error *);
/** ctl_time_parse - RFC 3339, or a span before now as "7d"; wall ms, or -1 with INVALID. Pure. */
int64_t ctl_time_parse(const char *text, int64_t now_ms, struct error *);
/** ctl_made_ms - when an object was made, or what it tells happened; -1 if it does not say. */
int64_t ctl_made_ms(const cJSON *object);
/** ctl_within - keep what was made from since_ms up to until_ms; -1: no bound. */
void ctl_within(cJSON *data, int64_t since_ms, int64_t until_ms);
/** ctl_cut - keep the first n, 0 for all. */
void ctl_cut(cJSON *data, size_t n);
#endif
