/*
 * setting.h - the kinds of value that programs' settings have: text to value, or INVALID.
 *
 * Each has the type setting_fn, for tables of settings. `out` points to what the name says.
 */
#ifndef JANUS_BASE_CLI_SETTING_H
#define JANUS_BASE_CLI_SETTING_H
struct error;

typedef int setting_fn(const char *text, void *out, struct error *);

setting_fn setting_string; /* char *, owned; the old one is freed */
setting_fn setting_bool; /* bool */
setting_fn setting_duration; /* int64_t, milliseconds */
/* int64_t: */
setting_fn setting_count; /* 0 or more */
setting_fn setting_limit; /* 1 or more: to a container engine 0 would be none */
setting_fn setting_port;
setting_fn setting_size; /* bytes, 1 or more */
setting_fn setting_cpus; /* "2", "0.5": processors, as thousandths */
#endif
