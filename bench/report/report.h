/*
 * report.h - a run as people and programs read it: report.json, and what is made of it.
 *
 * {manifest..., "object":"report","results":[lines without frames],"latency":{"ttft_ms":{"p50","p90","p95",
 * "p99","max","n"},"duration_ms","max_gap_ms","tokens_per_second"},"by_task":{"chat":{"items","passed","failed",
 * "excluded","scores","ttft_ms","duration_ms"},...},"totals":{...},"traces":[...]}.  Everything a target said
 * is text of its own choice here: whoever shows it escapes it.
 */
#ifndef JANUS_BENCH_REPORT_H
#define JANUS_BENCH_REPORT_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
struct buf;
struct error;

/** report_of - from a manifest and the lines so far; without traces. Pure. The caller's. */
cJSON *report_of(const cJSON *manifest, const cJSON *lines);
/** report_add_traces - from the frames of its evidence: when the bytes of the items with the longest silences
 *  came. None where frames are sealed or damaged: verify says which. BLOCKS. */
void report_add_traces(cJSON *report, const char *dir);
/** report_open - from a report.json, an evidence directory, whole or not, or its .tar.gz; the latter two
 *  have traces of the items with the longest silences. INVALID: none of them. BLOCKS. */
int report_open(const char *path, cJSON **out, struct error *);

/** analyze - {"object":"analysis",...}: percentiles, by task, failed, slow, retried, excluded. Pure. */
cJSON *analyze(const cJSON *report);
/**
 * compare - A and B over the items that both have; intervals of the differences by resampling these items
 * (paired), the seed being A's. Pure.
 *
 * {"object":"comparison","a","b","items","composite":{"a","b","delta","low","high","winner"},"dimensions":{...},
 * "by_task":{"chat":{"items","composite","quality"...}},"winner":"a"|"b"|null,"passed_only_a":[...],
 * "passed_only_b":[...]}; a delta is A - B, a winner is null where its interval holds 0.
 * INVALID: other suites or another scoring, nothing in common.
 */
int compare(const cJSON *report_a, const cJSON *report_b, cJSON **out, struct error *);

/* ---- for people; width 0: nothing is cut ---- */

void show_report(const cJSON *report, size_t width, FILE *);
void show_analysis(const cJSON *analysis, size_t width, FILE *);
void show_comparison(const cJSON *comparison, size_t width, FILE *);
void show_verification(const cJSON *verification, size_t width, FILE *);
void show_replay(const cJSON *replay, size_t width, FILE *);

/* ---- for other programs ---- */

/** report_csv - a line for each attempt; no cell begins as a formula would (RFC 4180). */
void report_csv(const cJSON *report, struct buf *out);
/** report_html - one file that needs no other and runs nothing. */
void report_html(const cJSON *report, struct buf *out);
#endif
