/*
 * context.c - create, list, show and remove contexts, and log in to one.
 */
#include "controlplane/ctl/contexts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/filter.h"
#include "controlplane/ctl/output.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

static int
fail(struct ctl *ctl, const struct error *err)
{
	return ctl_misuse(ctl, "%s", err->text);
}

static int
unknown(struct ctl *ctl, const char *name)
{
	struct ctl_failure f = { 0 };

	ctl_fail(&f, CTL_NOT_FOUND, "not_found", "there is no context '%.60s'", name);
	snprintf(f.next, sizeof(f.next), "'janusctl list contexts' shows those there are");
	return ctl_complain(ctl, &f);
}

int
ctl_create_context(struct ctl *ctl)
{
	const char *name = ctl->words[0];
	char key_file[PATH_MAX] = "";
	struct ctl_place place = { 0 };
	struct error err = { 0 };
	_cleanup_json_ cJSON *list = NULL;

	if (!str_slug_valid(name))
		return ctl_misuse(ctl,
		    "'%.60s' is not a name: lower-case letters, digits and hyphens, at most 40",
		    name);
	if (ctl->opt.url == NULL)
		return ctl_misuse(ctl, "create context needs --url URL");
	if (ctl_place_find(&(struct ctl_surroundings){ .url = ctl->opt.url }, &place, &err) < 0)
		return fail(ctl, &err);
	if (ctl->opt.api_key_file != NULL && realpath(ctl->opt.api_key_file, key_file) == NULL)
		return ctl_misuse(
		    ctl, "--api-key-file: there is no file '%.200s'", ctl->opt.api_key_file);
	list = contexts_load(&err);
	if (list == NULL)
		return fail(ctl, &err);
	if (contexts_find(list, name) != NULL)
		return ctl_misuse(ctl, "there is a context '%s'; remove it first", name);
	contexts_put(list, name, ctl->opt.url, key_file[0] != '\0' ? key_file : NULL);
	if (contexts_save(list, &err) < 0)
		return fail(ctl, &err);
	ctl_print_object(ctl, ctl_kind_of("context"), contexts_find(list, name), stdout);
	ctl_note(ctl, "context %s is made", name);
	ctl_note(ctl, "next: janusctl -C %s status", name);
	return CTL_OK;
}

int
ctl_list_contexts(struct ctl *ctl)
{
	const struct ctl_kind *kind = ctl_kind_of("context");
	struct error err = { 0 };
	_cleanup_json_ cJSON *list = contexts_load(&err);

	if (list == NULL || ctl_columns_check(ctl, kind, &err) < 0)
		return fail(ctl, &err);
	ctl_print_list(ctl, kind, list, stdout);
	return CTL_OK;
}

int
ctl_show_context(struct ctl *ctl)
{
	struct error err = { 0 };
	_cleanup_json_ cJSON *list = contexts_load(&err);
	const cJSON *item;

	if (list == NULL)
		return fail(ctl, &err);
	item = contexts_find(list, ctl->words[0]);
	if (item == NULL)
		return unknown(ctl, ctl->words[0]);
	ctl_print_fields(ctl, ctl_kind_of("context"), item, stdout);
	return CTL_OK;
}

/* With the key that login kept for it; a file that was named stays. */
int
ctl_remove_context(struct ctl *ctl)
{
	const char *name = ctl->words[0];
	struct error err = { 0 };
	_cleanup_json_ cJSON *list = contexts_load(&err);
	_cleanup_free_ char *own = NULL;
	cJSON *item;

	if (list == NULL)
		return fail(ctl, &err);
	item = contexts_find(list, name);
	if (item == NULL)
		return unknown(ctl, name);
	own = contexts_key_path(name, &err);
	if (own != NULL && str_eq(own, json_str(item, "api_key_file")))
		unlink(own);
	cJSON_Delete(
	    cJSON_DetachItemViaPointer(cJSON_GetObjectItemCaseSensitive(list, "data"), item));
	if (contexts_save(list, &err) < 0)
		return fail(ctl, &err);
	ctl_note(ctl, "context %s is removed", name);
	return CTL_OK;
}

/* ---- login ---- */

/* Typed by a person, without being shown. */
static int
ask_key(char *out, size_t cap)
{
	struct termios shown, hidden;
	bool read;

	if (tcgetattr(STDIN_FILENO, &shown) < 0)
		return -1;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	fputs("API key: ", stderr);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
	read = fgets(out, (int)cap, stdin) != NULL;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
	fputc('\n', stderr);
	out[strcspn(out, " \t\r\n")] = '\0';
	return read && out[0] != '\0' ? 0 : -1;
}

static int
need_key(struct ctl *ctl)
{
	char typed[200];

	if (ctl->opt.api_key_file != NULL && ctl->api_key != NULL)
		return 0;
	if (ctl->opt.no_input || !isatty(STDIN_FILENO) || ask_key(typed, sizeof(typed)) < 0)
		return -1;
	free(ctl->api_key);
	ctl->api_key = str_dup(typed);
	explicit_bzero(typed, sizeof(typed));
	return 0;
}

int
ctl_login(struct ctl *ctl)
{
	const char *name = ctl->opt.context;
	struct ctl_failure f = { 0 };
	struct error err = { 0 };
	_cleanup_json_ cJSON *list = contexts_load(&err), *status = NULL;
	_cleanup_free_ char *path = NULL, *line = NULL;

	if (list == NULL)
		return fail(ctl, &err);
	if (name == NULL || !str_slug_valid(name))
		return ctl_misuse(ctl, "login needs the context: -C NAME, and --url for a new one");
	if (need_key(ctl) < 0)
		return ctl_misuse(ctl, "login needs --api-key-file FILE, or - where it cannot ask");
	/* A key that may not read the status is known all the same. */
	if (ctl_get(ctl, "/api/v1/status", &status, &f) < 0 && !str_eq(f.code, "missing_scope"))
		return ctl_complain(ctl, &f);
	free(f.envelope);
	path = contexts_key_path(name, &err);
	line = str_printf("%s\n", ctl->api_key);
	if (path == NULL || file_write(path, line, strlen(line), 0600, &err) < 0)
		return fail(ctl, &err);
	explicit_bzero(line, strlen(line));
	contexts_put(list, name, ctl->opt.url, path);
	if (contexts_save(list, &err) < 0)
		return fail(ctl, &err);
	ctl_note(ctl, "the key is kept in %s, for -C %s", path, name);
	ctl_note(ctl, "next: janusctl -C %s status", name);
	return CTL_OK;
}
