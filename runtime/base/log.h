/*
 * log.h - one event a line on stderr: a constant name and fields.
 *
 * JSON Lines, or text when stderr is a terminal; a "<N>" prefix when stderr is the journal.  Lines
 * are cut at 16 KiB and every value is escaped.  Safe from any thread.  Nobody waits for a pipe,
 * socket or terminal that is full: what does not go is dropped and counted.  Libraries never log:
 * whoever stops passing an error up does, once.
 */
#ifndef JANUS_BASE_LOG_H
#define JANUS_BASE_LOG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct buf;

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

enum log_field_type { LOG_FIELD_END, LOG_FIELD_STR, LOG_FIELD_INT, LOG_FIELD_NUM, LOG_FIELD_BOOL };
struct log_field {
	const char *name;
	enum log_field_type type;
	const char *str; /* borrowed for the call; NULL leaves the field out */
	int64_t num;
	double real;
};

#define F_STR(n, v) ((struct log_field){ .name = (n), .type = LOG_FIELD_STR, .str = (v) })
#define F_INT(n, v) ((struct log_field){ .name = (n), .type = LOG_FIELD_INT, .num = (v) })
#define F_NUM(n, v) ((struct log_field){ .name = (n), .type = LOG_FIELD_NUM, .real = (v) })
#define F_BOOL(n, v) ((struct log_field){ .name = (n), .type = LOG_FIELD_BOOL, .num = (v) })

/** log_init - component goes into every line. Call once, before threads start; looks what stderr is,
 *  and opens a terminal once more. */
void log_init(const char *component);
/** log_set_levels - "info" or "info,router=debug"; -1 if a word is not a level. */
int log_set_levels(const char *spec);
/** log_levels_valid - would log_set_levels take it? */
bool log_levels_valid(const char *spec);
bool log_wants(enum log_level level);
/**
 * log_keep - from now on the newest lines are kept in memory, at most so many bytes of them, and as
 * many of those at LOG_WARN and above.  Call once, before threads start.
 */
void log_keep(size_t bytes);
/** log_kept - append the kept lines, the oldest first: all of them, or only those of trouble. */
void log_kept(bool only_troubles, struct buf *out);
/** log_dropped - lines that could not be written so far. */
uint64_t log_dropped(void);
/**
 * log_gather - until log_flush, lines of this thread below LOG_WARN wait for each other, up to
 * 4 KiB: a loop does this in each of its turns, so that a busy gateway need not write for every
 * request.  A process that is killed loses what its last turn had to say; one that exits does not.
 */
void log_gather(void);
/** log_flush - write what waits; lines are written at once again. */
void log_flush(void);
/** log_event - fields end with one whose name is NULL. */
void log_event(enum log_level level, const char *msg, const struct log_field *fields);
/** log_fields - the same with fields as arguments, LOG_END last; at most 40. Use the macros. */
void log_fields(enum log_level level, const char *msg, ...);

#define LOG_END ((struct log_field){ .name = NULL })
#define LOG_AT(level, ...)                                         \
	do {                                                       \
		if (log_wants(level))                              \
			log_fields((level), __VA_ARGS__, LOG_END); \
	} while (0)
#define log_debug(...) LOG_AT(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) LOG_AT(LOG_INFO, __VA_ARGS__)
#define log_warn(...) LOG_AT(LOG_WARN, __VA_ARGS__)
#define log_error(...) LOG_AT(LOG_ERROR, __VA_ARGS__)
#endif
