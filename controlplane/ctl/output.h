/*
 * output.h - data on stdout, in the format asked for.
 */
#ifndef JANUS_CTL_OUTPUT_H
#define JANUS_CTL_OUTPUT_H
#include <cjson/cJSON.h>
#include <stdint.h>
#include <stdio.h>

#include "controlplane/ctl/ctl.h"
#include "controlplane/ctl/kinds.h"
struct buf;
struct error;

/** ctl_format_named - the format of a word; -1 if there is none. */
int ctl_format_named(const char *word);
/** ctl_columns_check - are all of --columns columns of kind? 0, or -1 with INVALID. */
int ctl_columns_check(const struct ctl *, const struct ctl_kind *, struct error *);

/** ctl_print_list - a list object; data are its rows. */
void ctl_print_list(const struct ctl *, const struct ctl_kind *, const cJSON *list, FILE *);
/** ctl_print_object - one object as a list of one: after a change. */
void ctl_print_object(const struct ctl *, const struct ctl_kind *, const cJSON *object, FILE *);
/** ctl_print_fields - one object field by field: show, status. */
void ctl_print_fields(const struct ctl *, const struct ctl_kind *, const cJSON *object, FILE *);
/** ctl_print_findings - what the checks of a submission found, as a table (taken out of it); the
 *  submission itself for those who want JSON, or if it was not checked. */
void ctl_print_findings(const struct ctl *, cJSON *submission);
/** ctl_print_json - compact, one line, safe on a terminal. */
void ctl_print_json(const cJSON *, FILE *);

/** ctl_cell_text - append what a column shows of an object; now_ms is wall time. Pure. */
void ctl_cell_text(
    struct buf *, const cJSON *object, const struct ctl_column *, bool full, int64_t now_ms);
/** ctl_csv_cell - append a cell, quoted where RFC 4180 wants it, controls escaped. Pure. */
void ctl_csv_cell(struct buf *, const char *text);
/** ctl_age - "45s" "3m" "5h" "2d" of a span. Pure. */
const char *ctl_age(int64_t ms, char buf[24]);
/** ctl_json_safe - append JSON text with the control characters a terminal obeys written \u00XX. */
void ctl_json_safe(struct buf *, const char *json);
/** ctl_show_trial - what a dry run said; an exit code. */
int ctl_show_trial(struct ctl *, const cJSON *object);
#endif
