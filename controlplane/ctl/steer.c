/*
 * steer.c - start, stop, restart, promote, rollback, retire, remove, cancel, and the review of components.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

struct steer {
	const char *method;
	const char *action; /* at the end of the path; NULL: none */
	const char *said; /* what changed, with the name */
	const char *next; /* the next command; the name is put after " " or "=" at its end */
	bool by_etag; /* only as it is when we look */
};

static int
steer(struct ctl *ctl, const struct steer *how, const cJSON *body)
{
	const char *noun = ctl->command->noun;
	const char *name = ctl->words[0];
	_cleanup_buf_ struct buf path = { 0 };
	_cleanup_json_ cJSON *object = NULL, *now = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (ctl_ref_check(noun, name, &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	ctl_ref_path(&path, noun, name, how->action);
	if (how->by_etag && ctl_get(ctl, buf_str(&path), &now, &f) < 0)
		return ctl_complain(ctl, &f);
	if (ctl->opt.dry_run)
		buf_add_str(&path, "?dry_run=true");
	const struct ctl_call call = { .method = how->method,
		.path = buf_str(&path),
		.body = body,
		.if_match = json_str(now, "etag") };
	if (ctl_ask(ctl, &call, &object, &f) < 0)
		return ctl_complain(ctl, &f);
	if (ctl->opt.dry_run)
		return ctl_show_trial(ctl, object);
	/* Of what is gone a table has nothing to show. */
	if (cJSON_IsObject(object) &&
	    (!json_bool(object, "deleted", false) || ctl->format == CTL_JSON ||
		ctl->format == CTL_JSONL))
		ctl_print_object(ctl, ctl_kind_of(noun), object, stdout);
	if (json_str(object, "name") != NULL)
		name = json_str(object, "name"); /* it may have been named by its id */
	ctl_note(ctl, "%s %s", name, how->said);
	ctl_note(ctl, "next: janusctl %s%s", how->next,
	    str_ends(how->next, " ") || str_ends(how->next, "=") ? name : "");
	return CTL_OK;
}

int
ctl_start(struct ctl *ctl)
{
	return steer(
	    ctl, &(struct steer){ "POST", "start", "is to run", "show competitor ", false }, NULL);
}

int
ctl_stop(struct ctl *ctl)
{
	return steer(ctl,
	    &(struct steer){ "POST", "stop", "is to stop; its open streams finish first",
		"start competitor ", false },
	    NULL);
}

int
ctl_restart(struct ctl *ctl)
{
	return steer(
	    ctl, &(struct steer){ "POST", "restart", "is to start anew", "logs ", false }, NULL);
}

int
ctl_cancel(struct ctl *ctl)
{
	if (str_eq(ctl->command->noun, "run"))
		return steer(ctl,
		    &(struct steer){ "POST", "cancel", "is cancelled; what it measured is kept",
			"wait run ", false },
		    NULL);
	if (str_eq(ctl->command->noun, "backup"))
		return steer(ctl,
		    &(struct steer){
			"POST", "cancel", "is not taken by the next start", "list backups", false },
		    NULL);
	return steer(ctl,
	    &(struct steer){ "POST", "cancel", "is cancelled", "show submission ", false }, NULL);
}

int
ctl_rollback(struct ctl *ctl)
{
	_cleanup_json_ cJSON *body = NULL;
	struct error err = { 0 };

	if (ctl->opt.to != NULL) {
		if (ctl_ref_check("version", ctl->opt.to, &err) < 0)
			return ctl_misuse(ctl, "--to: %s", err.text);
		body = cJSON_CreateObject();
		json_add_str(body, "version", ctl->opt.to);
	}
	return steer(ctl,
	    &(struct steer){
		"POST", "rollback", "goes back to an earlier version", "show competitor ", false },
	    body);
}

int
ctl_promote(struct ctl *ctl)
{
	_cleanup_json_ cJSON *body = cJSON_CreateObject();
	struct error err = { 0 };

	if (ctl_ref_check("version", ctl->opt.to, &err) < 0)
		return ctl_misuse(ctl, "--to: %s", err.text);
	json_add_str(body, "version", ctl->opt.to);
	if (ctl->opt.share >= 0)
		json_add_int(body, "share", ctl->opt.share);
	return steer(ctl,
	    &(struct steer){
		"POST", "promote", "sends chats to that version", "show competitor ", false },
	    body);
}

int
ctl_freeze(struct ctl *ctl)
{
	return steer(ctl,
	    &(struct steer){
		"POST", "freeze", "goes to sleep when no chat runs", "list instances ", false },
	    NULL);
}

int
ctl_thaw(struct ctl *ctl)
{
	return steer(
	    ctl, &(struct steer){ "POST", "thaw", "is woken", "list instances ", false }, NULL);
}

/* 0: go on; otherwise the exit code. */
static int
confirm(const struct ctl *ctl)
{
	char answer[16] = "";

	if (ctl->opt.yes)
		return 0;
	if (ctl->opt.no_input || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return ctl_misuse(ctl, "%s needs --yes where it cannot ask", ctl->command->verb);
	fprintf(stderr,
	    str_eq(ctl->command->noun, "version")
		? "Retire version %s? It can never be promoted again. [y/N] "
		: str_eq(ctl->command->noun, "key")
		? "Revoke key %s? Its streams end at once. [y/N] "
		: str_eq(ctl->command->noun, "component")
		? "Take component %s back? Its versions stay taken. [y/N] "
		: str_eq(ctl->command->noun, "schedule") ? "Remove schedule %s? [y/N] "
		: str_eq(ctl->command->noun, "capture")  ? "Remove capture %s? [y/N] "
		: str_eq(ctl->command->verb, "restore")
		? "Have the next start go back to backup %s? What came after it is put aside. "
		  "[y/N] "
		: str_eq(ctl->command->noun, "backup")
		? "Remove backup %s? [y/N] "
		: "Stop and forget competitor %s? Its history stays. [y/N] ",
	    ctl->words[0]);
	if (fgets(answer, sizeof(answer), stdin) != NULL &&
	    (str_eq(answer, "y\n") || str_eq(answer, "yes\n")))
		return 0;
	ctl_note(ctl, "nothing was changed");
	return CTL_FAILED;
}

int
ctl_may_end(struct ctl *ctl)
{
	struct error err = { 0 };

	if (ctl_ref_check(ctl->command->noun, ctl->words[0], &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	return ctl->opt.dry_run ? 0 : confirm(ctl);
}

int
ctl_retire(struct ctl *ctl)
{
	const int answer = ctl_may_end(ctl);

	if (answer == 0 && str_eq(ctl->command->noun, "component"))
		return steer(ctl,
		    &(struct steer){ "DELETE", NULL, "is taken back; its versions stay taken",
			"list components", true },
		    NULL);
	return answer != 0
	    ? answer
	    : steer(ctl,
		  &(struct steer){ "POST", "retire",
		      "is retired; what still ran of it drains and stops", "list versions", false },
		  NULL);
}

int
ctl_remove(struct ctl *ctl)
{
	const int answer = ctl_may_end(ctl);

	if (answer != 0)
		return answer;
	if (str_eq(ctl->command->noun, "key"))
		return steer(ctl,
		    &(struct steer){
			"DELETE", NULL, "is revoked", "list usage --filter of=", true },
		    NULL);
	if (str_eq(ctl->command->noun, "schedule"))
		return steer(ctl,
		    &(struct steer){ "DELETE", NULL, "makes no more runs", "list runs", true },
		    NULL);
	if (str_eq(ctl->command->noun, "backup"))
		return steer(ctl,
		    &(struct steer){ "DELETE", NULL, "is removed", "list backups", false }, NULL);
	if (str_eq(ctl->command->noun, "capture"))
		return steer(ctl,
		    &(struct steer){ "DELETE", NULL, "is removed", "list captures", false }, NULL);
	return steer(ctl,
	    &(struct steer){ "DELETE", NULL, "is stopped and forgotten; its history stays",
		"list submissions --filter name=", false },
	    NULL);
}

/* ---- components ---- */

static int
review(struct ctl *ctl, const char *action, const char *said)
{
	_cleanup_json_ cJSON *body = cJSON_CreateObject();

	if (ctl->opt.reason != NULL)
		json_add_str(body, "reason", ctl->opt.reason);
	return steer(ctl, &(struct steer){ "POST", action, said, "list components", false }, body);
}

int
ctl_approve(struct ctl *ctl)
{
	return review(ctl, "approve", "is published");
}

int
ctl_reject(struct ctl *ctl)
{
	return review(ctl, "reject", "is rejected; who submitted it sees the reason");
}

int
ctl_deprecate(struct ctl *ctl)
{
	return review(ctl, "deprecate", "is deprecated; it stays listed");
}
