/*
 * backup.c - make a backup, check one, have one restored; check the database.
 */
#include <stdio.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/refs.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"

/* As long as it takes, but for those who say how long they wait. */
static int
ask(struct ctl *ctl, const char *path, cJSON **out, struct ctl_failure *f)
{
	const struct ctl_call call = {
		.method = "POST",
		.path = path,
		.total_ms = ctl->opt.timeout_ms > 0 ? ctl->opt.timeout_ms : -1,
	};

	return ctl_ask(ctl, &call, out, f);
}

int
ctl_create_backup(struct ctl *ctl)
{
	_cleanup_json_ cJSON *backup = NULL;
	struct ctl_failure f = { 0 };

	if (ask(ctl, "/api/v1/backups", &backup, &f) < 0)
		return ctl_complain(ctl, &f);
	ctl_print_object(ctl, ctl_kind_of("backup"), backup, stdout);
	ctl_note(ctl, "%s was made and read again: copy it to another machine; it holds secrets",
	    json_str(backup, "path") != NULL ? json_str(backup, "path") : "it");
	ctl_note(ctl, "next: janusctl check backup %s",
	    json_str(backup, "id") != NULL ? json_str(backup, "id") : "ID");
	return CTL_OK;
}

int
ctl_restore_backup(struct ctl *ctl)
{
	_cleanup_buf_ struct buf path = { 0 };
	_cleanup_json_ cJSON *backup = NULL;
	struct ctl_failure f = { 0 };
	const int answer = ctl_may_end(ctl);

	if (answer != 0)
		return answer;
	ctl_ref_path(&path, "backup", ctl->words[0], "restore");
	if (ask(ctl, buf_str(&path), &backup, &f) < 0)
		return ctl_complain(ctl, &f);
	ctl_print_object(ctl, ctl_kind_of("backup"), backup, stdout);
	ctl_note(ctl,
	    "%s is unpacked and whole; the next start of janusd takes it, and keeps what is "
	    "there now aside",
	    ctl->words[0]);
	ctl_note(ctl, "next: restart janusd, or: janusctl cancel backup %s", ctl->words[0]);
	return CTL_OK;
}

int
ctl_check_backup(struct ctl *ctl)
{
	_cleanup_buf_ struct buf path = { 0 };
	_cleanup_json_ cJSON *found = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (ctl_ref_check("backup", ctl->words[0], &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	ctl_ref_path(&path, "backup", ctl->words[0], "check");
	if (ask(ctl, buf_str(&path), &found, &f) < 0)
		return ctl_complain(ctl, &f);
	ctl_print_fields(ctl, ctl_kind_of("plain"), found, stdout);
	return json_bool(found, "ok", false) ? CTL_OK : CTL_CHECK;
}

int
ctl_check_db(struct ctl *ctl)
{
	_cleanup_json_ cJSON *found = NULL;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (ctl_columns_check(ctl, ctl_kind_of("check"), &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	if (ask(ctl, "/api/v1/db/check", &found, &f) < 0)
		return ctl_complain(ctl, &f);
	ctl_print_checks(ctl, found);
	if (json_bool(found, "ok", false))
		return CTL_OK;
	fflush(stdout);
	ctl_note(ctl, "something is not as it should be");
	return CTL_CHECK;
}
