/*
 * client.h - find the daemon and ask it.
 */
#ifndef JANUS_CTL_CLIENT_H
#define JANUS_CTL_CLIENT_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "controlplane/ctl/ctl.h"
struct error;
struct ctl_failure;

/* What decides where the daemon is looked for: strings may be NULL. */
struct ctl_surroundings {
	const char *url; /* --url, else JANUS_URL */
	const char *janus_runtime_dir; /* JANUS_RUNTIME_DIR */
	const char *runtime_directory; /* RUNTIME_DIRECTORY */
	const char *xdg_runtime_dir; /* XDG_RUNTIME_DIR */
	const char *home; /* HOME */
	const char *port; /* JANUS_PORT */
	uid_t uid;
	bool (*usable)(const char *socket); /* is it there, and ours to use? */
};

/** ctl_place_find - where to connect. Pure but for `usable`. 0, or -1 with INVALID. */
int ctl_place_find(const struct ctl_surroundings *, struct ctl_place *, struct error *);
/** ctl_connect - fill ctl->place and ctl->api_key from options and environment. */
int ctl_connect(struct ctl *, struct ctl_failure *);

struct ctl_call {
	const char *method, *path;
	const cJSON *body; /* NULL: none */
	int body_fd; /* a file to send instead, from where it stands; 0: none */
	const char *if_match; /* etag of what is to be changed; NULL: none */
	int64_t total_ms; /* 0: --timeout, or 30 s; below 0: none */
	int64_t stall_ms; /* no byte for so long ends it; 0: none */
	/** on_data - take the body of a 2xx as it comes; -1 ends the call with `interrupted`. */
	int (*on_data)(const char *bytes, size_t len, void *arg);
	void *arg;
};
/** ctl_ask - one request. What changes something with POST has an Idempotency-Key, and is sent
 *  again when the connection breaks: the daemon does it once. *out is the parsed answer, the caller's; untouched with on_data. */
int ctl_ask(struct ctl *, const struct ctl_call *, cJSON **out, struct ctl_failure *);
/** ctl_get - GET of path. */
int ctl_get(struct ctl *, const char *path, cJSON **out, struct ctl_failure *);

/** ctl_patch - change what is at path (--dry-run: only tell what would be) as it is now: whoever
 *  changes it in between makes us fail. */
int ctl_patch(struct ctl *, const char *path, const cJSON *body, cJSON **out, struct ctl_failure *);

/** ctl_catch_interrupt - from now on the first Ctrl-C only sets a flag; the second ends us. */
void ctl_catch_interrupt(void);
bool ctl_interrupted(void);
/** ctl_sleep - up to ms, cut short by an interrupt. */
void ctl_sleep(int64_t ms);

/** ctl_read_input - the whole of a file, or of standard input for "-"; *out is the caller's. */
int ctl_read_input(const char *path, size_t max, char **out, size_t *len, struct error *);
#endif
