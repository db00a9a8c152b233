/*
 * ctl.h - what the files of janusctl share: options, the call at hand, exit codes.
 */
#ifndef JANUS_CTL_CTL_H
#define JANUS_CTL_CTL_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/base/cli/options.h"

/* Stable: they are in every man page. */
enum ctl_exit {
	CTL_OK = 0,
	CTL_FAILED = 1, /* what was asked for did not succeed */
	CTL_USAGE = 2, /* the command line or a local file is wrong */
	CTL_NOT_FOUND = 3, /* there is no such thing */
	CTL_DENIED = 4, /* no key, or not allowed */
	CTL_INVALID = 5, /* conflict, or a request the daemon refuses */
	CTL_UNREACHABLE = 6, /* no daemon, or it failed */
	CTL_TIMED_OUT = 7, /* stopped waiting; work may continue */
	CTL_LIMITED = 8, /* quota, budget or rate limit */
	CTL_CHECK = 9, /* a check did not pass */
	CTL_INTERRUPTED = 130,
};

/* name, long form, letter, type, what help calls the value, field of struct ctl_options, help */
#define CTL_OPTIONS(X)                                                                           \
	X(HELP, "help", 'h', FLAG, NULL, help, "show help")                                      \
	X(VERSION, "version", 'V', FLAG, NULL, version, "show the version of janusctl")          \
	X(VERBOSE, "verbose", 'v', COUNT, NULL, verbose, "show the requests made")               \
	X(QUIET, "quiet", 'q', FLAG, NULL, quiet, "print ids only, and no messages")             \
	X(OUTPUT, "output", 'o', CHOICE, "table|wide|json|jsonl|csv|id", output,                 \
	    "how to print; JANUS_OUTPUT sets the default")                                       \
	X(COLUMNS, "columns", 0, STRING, "A,B", columns, "the columns to print")                 \
	X(NO_HEADERS, "no-headers", 0, FLAG, NULL, no_headers, "leave out the line of headers")  \
	X(NO_TRUNC, "no-trunc", 0, FLAG, NULL, no_trunc,                                         \
	    "never cut columns to the width of the terminal")                                    \
	X(UTC, "utc", 0, FLAG, NULL, utc, "print times, not ages")                               \
	X(COLOR, "color", 0, CHOICE, "auto|always|never", color, "when to use colour")           \
	X(NO_PROGRESS, "no-progress", 0, FLAG, NULL, no_progress, "do not draw progress")        \
	X(NO_INPUT, "no-input", 0, FLAG, NULL, no_input, "never ask")                            \
	X(TIMEOUT, "timeout", 0, DURATION, "DURATION", timeout_ms,                               \
	    "how long to wait, as 30s or 5m")                                                    \
	X(URL, "url", 0, STRING, "URL", url,                                                     \
	    "the daemon: unix:///path, http://host:port; JANUS_URL sets the default")            \
	X(CONTEXT, "context", 'C', STRING, "NAME", context,                                      \
	    "a named daemon; JANUS_CONTEXT sets the default")                                    \
	X(API_KEY_FILE, "api-key-file", 0, STRING, "FILE", api_key_file,                         \
	    "file with the API key; JANUS_API_KEY_FILE sets the default")                        \
	X(NAME, "name", 0, STRING, "SLUG", name, "the competitor it belongs to")                 \
	X(MANIFEST, "manifest", 0, STRING, "FILE|-", manifest,                                   \
	    "manifest to use in place of the image's own")                                       \
	X(WAIT, "wait", 0, FLAG, NULL, wait, "follow it to the end")                             \
	X(FILTER, "filter", 0, LIST, "KEY=VALUE", filter,                                        \
	    "only those; also KEY!=VALUE and KEY~=GLOB; repeatable")                             \
	X(SORT, "sort", 0, STRING, "[-]KEY,...", sort, "order; - turns it around")               \
	X(LIMIT, "limit", 'n', NUMBER, "N", limit, "at most so many, 0 for all")                 \
	X(FOLLOW, "follow", 'f', FLAG, NULL, follow, "go on with new lines")                     \
	X(TAIL, "tail", 'n', NUMBER, "N", tail, "begin with the last N lines")                   \
	X(TO, "to", 0, STRING, "VERSION", to, "the version that is to serve")                    \
	X(YES, "yes", 'y', FLAG, NULL, yes, "do not ask for confirmation")                       \
	X(MODEL, "model", 0, STRING, "MODEL", model, "janus, or janus/SLUG")                     \
	X(NO_STREAM, "no-stream", 0, FLAG, NULL, no_stream,                                      \
	    "print the answer when it is complete")                                              \
	X(REQUEST, "request", 0, STRING, "ID", request,                                          \
	    "the life of one request, and what its competitor wrote meanwhile")                  \
	X(KIND, "kind", 0, CHOICE, "sk|ad|mn", kind,                                             \
	    "secret key of a client, of an administrator, of a miner")                           \
	X(SCOPES, "scopes", 0, STRING, "A,B", scopes,                                            \
	    "what the key may do: chat, read, submit, bench, arena, admin")                      \
	X(EXPIRES, "expires", 0, DURATION, "DURATION", expires_ms,                               \
	    "how long the key is good, as 90d")                                                  \
	X(REQUESTS_PER_MINUTE, "requests-per-minute", 0, NUMBER, "N", requests_per_minute,       \
	    "at most so many chats in any minute")                                               \
	X(CONCURRENCY, "concurrency", 0, NUMBER, "N", concurrency, "at most so many at once")    \
	X(TOKENS_PER_MINUTE, "tokens-per-minute", 0, NUMBER, "N", tokens_per_minute,             \
	    "at most so many tokens in any minute")                                              \
	X(USD_PER_DAY, "usd-per-day", 0, STRING, "USD", usd_per_day, "budget of a day, UTC")     \
	X(USD_PER_MONTH, "usd-per-month", 0, STRING, "USD", usd_per_month,                       \
	    "budget of a month, UTC")                                                            \
	X(ROTATE, "rotate", 0, FLAG, NULL, rotate, "give the key a new secret")                  \
	X(GRACE, "grace", 0, DURATION, "DURATION", grace_ms,                                     \
	    "how long the old secret is still taken, 1h if not given")                           \
	X(BY, "by", 0, CHOICE, "key|competitor|day", by, "what to add up by")                    \
	X(SINCE, "since", 0, STRING, "TIME", since,                                              \
	    "from then on: 2026-01-31T00:00:00Z, or a span as 7d")                               \
	X(UNTIL, "until", 0, STRING, "TIME", until,                                              \
	    "up to then: 2026-01-31T00:00:00Z, or a span ago as 1h")                             \
	X(RENAME, "rename", 0, STRING, "SLUG", rename, "give the key another name")              \
	X(DRY_RUN, "dry-run", 0, FLAG, NULL, dry_run,                                            \
	    "have the daemon check it, and change nothing")                                      \
	X(SPEED, "speed", 0, STRING, "N", speed, "times as fast; 0: at once")                    \
	X(FRAMES, "frames", 0, FLAG, NULL, frames, "a table of the frames, with times and gaps") \
	X(HISTORY, "history", 0, FLAG, NULL, history,                                            \
	    "what it did here, and elsewhere before it was imported")                            \
	X(NO_HISTORY, "no-history", 0, FLAG, NULL, no_history,                                   \
	    "leave what it did elsewhere in the bundle")                                         \
	X(SET, "set", 0, LIST, "FIELD=VALUE", set,                                               \
	    "a field of the policy; FIELD= takes back what was said; repeatable")                \
	X(SHARE, "share", 0, NUMBER, "PERCENT", share,                                           \
	    "of its chats, 0 for none; all if not given")                                        \
	X(SIGNER, "signer", 0, STRING, "KEY", signer,                                            \
	    "the public key it must be signed with: ed25519:...")                                \
	X(CRON, "cron", 0, STRING, "FIELDS", cron,                                               \
	    "minute, hour, day, month and weekday, or @daily and the like")                      \
	X(TZ, "tz", 0, STRING, "ZONE", tz, "the time zone of --cron, UTC if not given")          \
	X(SUITE, "suite", 0, STRING, "SUITE", suite, "by which suite, as public/dev")            \
	X(COMPETITOR, "competitor", 0, STRING, "NAME", competitor, "whom to measure")            \
	X(MISSED, "missed", 0, CHOICE, "skip|once|all", missed,                                  \
	    "what becomes of times that were missed, once if not given")                         \
	X(JITTER, "jitter", 0, DURATION, "DURATION", jitter_ms,                                  \
	    "begin up to so much later, 60s if not given")                                       \
	X(SEED, "seed", 0, NUMBER, "N", seed, "what chance is made of, 42 if not given")         \
	X(EPOCHS, "epochs", 0, NUMBER, "N", epochs, "ask each item so often")                    \
	X(SUBSET, "subset", 0, NUMBER, "PERCENT", subset, "ask only that part of the items")     \
	X(REASON, "reason", 0, STRING, "TEXT", reason, "why, for whoever submitted it")          \
	X(ALL, "all", 0, FLAG, NULL, all, "every command and option, for tools")

enum ctl_option_bit {
#define X(bit, ...) CTL_BIT_##bit,
	CTL_OPTIONS(X)
#undef X
};
enum { CTL_OPTION_COUNT = CTL_BIT_ALL + 1 };
#define CTL_OPT(bit) (UINT64_C(1) << CTL_BIT_##bit)
#define CTL_GLOBAL (CTL_OPT(NAME) - 1) /* those before --name go with every verb */

struct ctl_options {
	bool help, version, quiet, no_headers, no_trunc, utc, no_progress, no_input, wait, follow,
	    yes, no_stream, all, rotate, dry_run, frames;
	bool history, no_history; /* show it; leave it */
	int verbose;
	const char *request, *speed, *signer;
	const char *output, *columns, *color, *url, *context, *api_key_file, *name, *manifest,
	    *sort, *to, *model;
	int64_t timeout_ms; /* 0: not given */
	int64_t limit, tail;
	const char *kind, *scopes, *usd_per_day, *usd_per_month, *by, *since, *until, *rename;
	int64_t expires_ms, requests_per_minute, concurrency, tokens_per_minute; /* -1: not given */
	int64_t grace_ms, share; /* -1: not given */
	const char *reason;
	const char *cron, *tz, *suite, *competitor, *missed;
	int64_t jitter_ms, seed, epochs, subset; /* -1: not given */
	struct option_list filter, set;
};
extern const struct option_table ctl_option_table;

enum ctl_format {
	CTL_TABLE,
	CTL_WIDE,
	CTL_JSON,
	CTL_JSONL,
	CTL_CSV,
	CTL_ID,
};

/* Where the daemon is. */
struct ctl_place {
	char url[512]; /* http(s)://host[:port][/path], no slash at the end */
	char socket[108]; /* connect there instead; or "" */
	char tried[1100]; /* for people, when it cannot be reached */
	bool is_local;
};

/* The call at hand; made by main.c, handed to the verb. */
struct ctl {
	struct ctl_options opt;
	enum ctl_format format;
	const struct ctl_command *command;
	const char *words[OPTIONS_MAX_WORDS]; /* after verb and noun */
	size_t words_len;
	struct ctl_place place;
	char *api_key; /* owned; NULL without */
	bool out_is_terminal, color;
};

/** ctl_note - one line on stderr, escaped; not with --quiet, nor beside JSON. */
void ctl_note(const struct ctl *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** ctl_may_end - the first word can be a name of the noun, and whoever is there says yes: 0; otherwise
 *  the exit code. */
int ctl_may_end(struct ctl *);
/** ctl_print_checks - findings as a table, and what mends those that are not well; the whole object for
 *  those who want JSON. Takes its "checks". */
void ctl_print_checks(struct ctl *, cJSON *found);
/** ctl_run - the whole program. */
int ctl_run(int argc, char **argv);
#endif
