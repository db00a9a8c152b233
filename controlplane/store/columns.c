/*
 * columns.c - bind and read one column after another.
 */
#include "controlplane/store/tables.h"
#include "runtime/base/str.h"

void
put_text(struct columns *c, const char *value)
{
	sql_lend_text(c->q, ++c->at, value); /* of a row that is there until write_done */
}

void
put_int(struct columns *c, int64_t value)
{
	sql_bind_int(c->q, ++c->at, value);
}

/* Results count from 0, parameters from 1. */
void
get_text(struct columns *c, char *out, size_t cap)
{
	str_copy(out, cap, sql_text(c->q, c->at++));
}

char *
get_dup(struct columns *c)
{
	return sql_text_dup(c->q, c->at++);
}

int64_t
get_int(struct columns *c)
{
	return sql_int(c->q, c->at++);
}

int
write_done(struct columns *c, struct error *err)
{
	return sql_step(c->q, err) < 0 ? -1 : 0;
}
