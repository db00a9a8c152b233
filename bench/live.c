/*
 * live.c - say how far a run is.
 */
#include "bench/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cli.h"
#include "bench/run.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/cli/table.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"

#define BAR_WIDTH 20

void
live_format(struct buf *out, size_t width, const struct run_progress *p)
{
	_cleanup_buf_ struct buf line = { 0 };
	const size_t full = p->total == 0 ? 0 : p->done * BAR_WIDTH / p->total;
	char eta[24];

	buf_add_char(&line, '[');
	for (size_t i = 0; i < BAR_WIDTH; i++)
		buf_add_char(&line, i < full ? '#' : '.');
	buf_printf(&line, "] %zu/%zu  ", p->done, p->total);
	str_add_escaped(&line, p->item, strlen(p->item));
	if (p->eta_ms >= 0 && p->done < p->total) {
		const double left = (double)(p->total - p->done);
		const double rate = p->eta_ms > 0 ? left * 1000 / (double)p->eta_ms : 0;

		buf_printf(&line, "  %.1f/s  ETA %s", rate,
		    str_format_duration((p->eta_ms + 999) / 1000 * 1000, eta, sizeof(eta)));
	}
	buf_printf(&line, "  score %.1f", p->score);
	if (p->excluded > 0)
		buf_printf(&line, "  left out %zu", p->excluded);
	table_cut(out, buf_str(&line), width);
}

void
live_format_line(struct buf *out, const cJSON *line)
{
	const cJSON *measured = json_get(line, "measured"), *scores = json_get(line, "scores");
	const char *item = json_str(line, "item"), *state = json_str(line, "state");
	const char *why = json_str(line, "why");

	buf_printf(out, "%s %s", item == NULL ? "?" : item, state == NULL ? "?" : state);
	if (str_eq(state, "error"))
		why = json_str(line, "error");
	else
		buf_printf(out, " %.1f  %.1f s", json_num(scores, "quality", 0),
		    json_num(measured, "duration_ms", 0) / 1000);
	if (why == NULL || why[0] == '\0')
		why = json_str(line, "error");
	if (!str_eq(state, "passed") && why != NULL && why[0] != '\0')
		buf_printf(out, "  %s", why);
}

void
live_init(struct live *l, const struct bench_call *c, size_t total)
{
	*l = (struct live){ .call = c, .total = total };
	progress_init(&l->bar, stderr, !c->opt.no_progress && !c->opt.quiet);
}

void
live_line(struct live *l, const cJSON *line)
{
	_cleanup_buf_ struct buf text = { 0 };

	if (bench_format_is(l->call, "jsonl")) {
		_cleanup_free_ char *json = json_print(line);

		progress_clear(&l->bar);
		printf("%s\n", json);
		fflush(stdout);
		return;
	}
	/* With a bar, only what went wrong is worth a line. */
	if (l->bar.out != NULL && str_eq(json_str(line, "state"), "passed") &&
	    l->call->opt.verbose == 0)
		return;
	progress_clear(&l->bar);
	live_format_line(&text, line);
	bench_say(l->call, "%s", buf_str(&text));
}

void
live_progress(struct live *l, const struct run_progress *p)
{
	_cleanup_buf_ struct buf text = { 0 };

	if (l->bar.out == NULL)
		return;
	live_format(&text, l->bar.width - 1, p);
	progress_line(&l->bar, buf_str(&text));
}

void
live_done(struct live *l)
{
	progress_clear(&l->bar);
}
