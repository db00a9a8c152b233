/*
 * refs.c - how people name things: an id, the beginning of one, or a slug.
 */
#include "controlplane/ctl/refs.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/id.h"
#include "runtime/base/str.h"
#include "runtime/net/url.h"

#define PREFIX_MIN 6 /* characters after the underscore */
#define ID_CHARS 26
#define COMPONENT "cmp."

static const struct {
	const char *prefix, *noun;
} prefixes[] = {
	{ "cpt_", "competitor" },
	{ "ver_", "version" },
	{ "sub_", "submission" },
	{ "ins_", "instance" },
	{ "run_", "run" },
	{ "sch_", "schedule" },
	{ "evt_", "event" },
	{ "key_", "key" },
	{ "req_", "request" },
	{ "cap_", "capture" },
	{ "bkp_", "backup" },
	{ "artf_", "artifact" },
	{ COMPONENT, "component" },
};

const char *
ctl_ref_noun(const char *text)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(text, prefixes[i].prefix))
			return prefixes[i].noun;
	return NULL;
}

static int
check_id(const char *noun, const char *found, const char *text, struct error *err)
{
	const char *line = strchr(text, '_');
	const char *rest = line != NULL ? line + 1 : "";
	const size_t len = strlen(rest);

	if (!str_eq(found, noun))
		return error_set(err, ERROR_INVALID, "%.40s is the id of %s %s, not of %s %s", text,
		    strchr("aeiou", found[0]) != NULL ? "an" : "a", found,
		    strchr("aeiou", noun[0]) != NULL ? "an" : "a", noun);
	if (len < PREFIX_MIN)
		return error_set(err, ERROR_INVALID,
		    "%.40s is too short: at least %d characters after the underscore", text,
		    PREFIX_MIN);
	for (size_t i = 0; i < len; i++)
		if (len > ID_CHARS ||
		    !(islower((unsigned char)rest[i]) || isdigit((unsigned char)rest[i])))
			return error_set(err, ERROR_INVALID, "'%.60s' is not an id", text);
	return 0;
}

/* cmp.<namespace>.<name>, perhaps with @<version>: the daemon knows the rest. */
static int
check_component(const char *text, struct error *err)
{
	static const char chars[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.@";
	const char *dot =
	    str_starts(text, COMPONENT) ? strchr(text + strlen(COMPONENT), '.') : NULL;

	return dot != NULL && dot[1] != '\0' && strspn(text, chars) == strlen(text)
	    ? 0
	    : error_set(err, ERROR_INVALID,
		  "'%.60s' is not a component: cmp.<namespace>.<name>, or that and @<version>",
		  text);
}

int
ctl_ref_check(const char *noun, const char *text, struct error *err)
{
	const char *found = ctl_ref_noun(text);

	if (str_eq(noun, "request") ||
	    str_eq(noun, "capture")) /* a client may have made it: any form goes */
		return id_request_valid(text)
		    ? 0
		    : error_set(err, ERROR_INVALID, "'%.60s' is not the id of a %s", text, noun);
	if (str_eq(noun, "component"))
		return check_component(text, err);
	if (found != NULL)
		return check_id(noun, found, text, err);
	if (!str_slug_valid(text))
		return error_set(err, ERROR_INVALID,
		    "'%.60s' is not a name: lower-case letters, digits and hyphens, at most 40",
		    text);
	return 0;
}

void
ctl_ref_path(struct buf *out, const char *noun, const char *text, const char *rest)
{
	buf_printf(out, "/api/v1/%ss/", noun);
	url_encode(out, text);
	if (rest != NULL)
		buf_printf(out, "/%s", rest);
}
