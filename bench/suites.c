/*
 * suites.c - names to directories, directories to suites.
 */
#include "bench/suites.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/cli.h"
#include "bench/score/score.h"
#include "bench/tools.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/error.h"
#include "runtime/base/program.h"
#include "runtime/base/str.h"

int
suites_check_item(const struct item *item, struct error *err)
{
	return tools_check(item->simulator, err) < 0 ? -1 : scorer_check(item, err);
}

char *
suites_dir(const struct bench_call *c)
{
	static const char *const places[] = { "../share/janus/suites", "../../bench/suites",
		"../../../bench/suites" };
	const char *set = c->opt.suites != NULL ? c->opt.suites : getenv("JANUS_BENCH_SUITES");
	char *dir = NULL;

	if (set != NULL && set[0] != '\0')
		return str_dup(set);
	for (size_t i = 0; i < ARRAY_LEN(places) && dir == NULL; i++)
		dir = program_beside(places[i]);
	return dir != NULL ? dir : str_dup("bench/suites");
}

/* dir NULL: where the environment says that the private suite is. */
static int
open_sealed(const struct bench_call *c, const char *name, const char *dir, struct suite_open *out)
{
	struct sealed_place place;
	struct error err = { 0 };

	if (sealed_place(dir, c->opt.private_key_file, &place, &err) < 0) {
		bench_complain(c, &err);
		return BENCH_NO_PRIVATE;
	}
	if (sealed_key_read(place.key_file, place.dir, &out->seal_key, &err) < 0 ||
	    sealed_load(place.dir, out->seal_key, suites_check_item, &out->suite, &err) < 0) {
		error_add(&err, "suite %.80s", name);
		return bench_complain(c, &err);
	}
	out->dir = str_dup(place.dir);
	return -1;
}

int
suites_open(const struct bench_call *c, const char *name, struct suite_open *out)
{
	_cleanup_free_ char *dir = NULL, *all = NULL;
	struct error err = { 0 };

	*out = (struct suite_open){ 0 };
	if (strcmp(name, SUITES_PRIVATE) == 0)
		return open_sealed(c, name, NULL, out);
	if (name[0] == '.' || name[0] == '/') {
		dir = str_dup(name);
	} else {
		all = suites_dir(c);
		dir = str_printf("%s/%s", all, name);
	}
	if (sealed_is(dir))
		return open_sealed(c, name, dir, out);
	if (suite_load(dir, suites_check_item, &out->suite, &err) < 0) {
		error_add(&err, "suite %.80s", name);
		return bench_complain(c, &err);
	}
	out->dir = TAKE(dir);
	return -1;
}

void
suites_close(struct suite_open *s)
{
	suite_done(&s->suite);
	free(s->dir);
	if (s->seal_key != NULL)
		explicit_bzero(s->seal_key, strlen(s->seal_key));
	free(s->seal_key);
	*s = (struct suite_open){ 0 };
}
