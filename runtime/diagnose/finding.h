/*
 * finding.h - what a look at the machine found: each check's outcome, what was seen, what to do.
 *
 * The checks are one list: janusd's doctor, janusctl's own, docs/runbook.md and its lint read it.
 */
#ifndef JANUS_DIAGNOSE_FINDING_H
#define JANUS_DIAGNOSE_FINDING_H
#include <cjson/cJSON.h>

/* name, entry of docs/runbook.md */
#define CHECKS(X)                                                                                 \
	X(SOCKET, "socket", "daemon-down") /* the control socket: is somebody there? */           \
	X(PROCESS, "process", "daemon-down") /* does a janusd run? */                             \
	X(PROGRAM, "program", "daemon-down") /* is there one that could? */                       \
	X(CONFIG, "config", "config-refused") /* would its settings be taken? */                  \
	X(STATE_DIR, "state_dir", "state-directory") /* is it there, and the daemon's? */         \
	X(DATABASE, "database", "database-failing") /* written, and in one piece? */              \
	X(WAL, "wal", "wal-growing") /* is its log folded back? */                                \
	X(BACKUP, "backup", "backup-old") /* of when is the last one? */                          \
	X(DISK, "disk", "disk-full") /* room for the state */                                     \
	X(ENGINE, "engine", "engine-down") /* does it answer, and can it do all? */               \
	X(ENGINE_DISK, "engine_disk", "engine-disk-full") /* room for images */                   \
	X(SANDY, "sandy", "sandy-down") /* the second engine */                                   \
	X(ISOLATION, "isolation", "isolation-not-proved") /* a probe pod tries to get out */      \
	X(PLATFORM, "platform", "platform-down") /* the broker */                                 \
	X(SANDBOX, "sandbox", "sandboxes-missing") /* does it have sandboxes to offer? */         \
	X(ROUTE, "route", "nothing-ready") /* does anybody answer chats? */                       \
	X(PORT, "port", "port-silent") /* does the listener answer? */                            \
	X(CERTIFICATE, "certificate", "certificate") /* good, and for how long? */                \
	X(CLOCK, "clock", "clock-wrong") /* set by somebody, jumped, other than the engine's? */  \
	X(DESCRIPTORS, "descriptors", "limits-near") /* open files of the process, of the host */ \
	X(PROCESSES, "processes", "limits-near") /* of its group, of the host */                  \
	X(MEMORY, "memory", "memory-short") /* of the host */                                     \
	X(INOTIFY, "inotify", "limits-near") /* starts of pods are watched with it */             \
	X(CONNECTIONS, "connections", "limits-near") /* conntrack, local ports */                 \
	X(BENCH, "bench", "bench-missing") /* the program that measures */                        \
	X(SUITES, "suites", "suites-missing") /* by what */                                       \
	X(LOSSES, "losses", "losses") /* log lines and usage that were dropped */

enum check {
#define X(name, text, entry) CHECK_##name,
	CHECKS(X)
#undef X
	    CHECK_COUNT
};

enum finding_level { FINDING_FINE, FINDING_WARNING, FINDING_FAILED };

struct findings { /* zero-initialised */
	cJSON *checks; /* owned; NULL: none yet */
	int warnings, failed;
};

const char *check_name(enum check);
/** finding_add - text as printf; fix, a command or a setting, is left out of one that is fine. */
void finding_add(struct findings *, enum check, enum finding_level, const char *fix,
    const char *text, ...) __attribute__((format(printf, 5, 6)));
/** findings_take - the doctor object of the API, the caller's; nothing is left. */
cJSON *findings_take(struct findings *);
void findings_done(struct findings *);
#endif
