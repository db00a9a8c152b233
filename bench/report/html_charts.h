/*
 * html_charts.h - pictures of a report, as inline SVG that takes its colours from the page.  Pure.
 */
#ifndef JANUS_BENCH_HTML_CHARTS_H
#define JANUS_BENCH_HTML_CHARTS_H
#include <cjson/cJSON.h>
struct buf;

/** chart_scores - composite and dimensions as bars, each with its interval. */
void chart_scores(struct buf *out, const cJSON *report);
/** chart_tasks - of each task how many passed, failed, were left out. */
void chart_tasks(struct buf *out, const cJSON *by_task);
/** chart_latency - every item by task: when its first content and when its end came, on a log scale. */
void chart_latency(struct buf *out, const cJSON *report);
/** chart_trace - when the bytes of one item came, and its longest silence. */
void chart_trace(struct buf *out, const cJSON *trace);
#endif
