/*
 * triage.h - fast or agent?  Decided by a table of rules over what stands in the request.
 *
 * Pure and deterministic: the same request always takes the same path, for a reason in words.
 */
#ifndef BASELINE_AGENT_TRIAGE_H
#define BASELINE_AGENT_TRIAGE_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
struct buf;

enum triage_path { TRIAGE_FAST, TRIAGE_AGENT };

/* What the rules look at: of the last message of the user, where nothing else is said. */
struct triage_facts {
	const char *asked; /* metadata.path; NULL: not said */
	const char *flag; /* a generation flag that is set; NULL */
	bool tools; /* the client offers functions, or answers a call of one */
	bool shaped; /* it wants several answers, or JSON of a shape */
	unsigned files; /* attached: files and sounds, not pictures */
	bool code; /* a fenced block that can be run */
	bool explains; /* it asks for words about something: explain, review, translate ... */
	const char *verb,
	    *thing; /* of work, and what is worked on, as they stand in the tables; NULL */
	size_t words;
};
struct triage {
	enum triage_path path;
	bool asked; /* the client said so itself */
	const char *rule; /* its name, for logs */
	char why[200]; /* a sentence */
};
/** triage_look - the facts of a checked chat request; strings borrowed from it. */
void triage_look(const cJSON *request, struct triage_facts *out);
/** triage_decide - the first rule that holds.  metadata.path that is no path counts as not said. */
void triage_decide(const struct triage_facts *, struct triage *out);
/** triage_text - the text of a message's content, its text parts with a line between, added to out. */
void triage_text(const cJSON *message, struct buf *out);
/** triage_last_user - the last message of the user; NULL. */
const cJSON *triage_last_user(const cJSON *request);
#endif
