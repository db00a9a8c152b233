/*
 * report.h - tell whoever runs us what we do: lines of JSON on standard output, in the form of
 * Claude Code's stream-json, which many programs read.
 */
#ifndef BASELINE_CLI_REPORT_H
#define BASELINE_CLI_REPORT_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

void report_start(const char *model);
/** report_piece - of the message under way; either may be NULL. */
void report_piece(const char *text, const char *thought);
/** report_text - a whole message. */
void report_text(const char *text);
void report_tool_start(const char *id, const char *name, const cJSON *input);
void report_tool_end(const char *id, const char *text, bool failed);
/** report_result - the last line. */
void report_result(const char *text, bool failed, int64_t prompt_tokens, int64_t completion_tokens);
#endif
