/*
 * progress.c - one line on a terminal that is drawn over itself.
 */
#include "runtime/base/cli/progress.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/cli/table.h"
#include "runtime/base/str.h"

#define BAR_WIDTH 24
#define REDRAW_MS 100

void
progress_init(struct progress *p, FILE *f, bool wanted)
{
	const char *term = getenv("TERM");

	*p = (struct progress){ 0 };
	if (!wanted || !isatty(fileno(f)) || term == NULL || str_eq(term, "dumb"))
		return;
	p->out = f;
	p->width = table_width(f);
}

void
progress_format(struct buf *out, size_t width, const char *label, int64_t done, int64_t total)
{
	_cleanup_buf_ struct buf line = { 0 };

	str_add_escaped(&line, label, strlen(label));
	if (total > 0) {
		const int64_t shown = done < 0 ? 0 : done > total ? total : done;
		const double part = (double)shown / (double)total;
		char a[24], b[24];

		buf_add_str(&line, "  [");
		for (int i = 0; i < BAR_WIDTH; i++)
			buf_add_char(&line, i < (int)(part * BAR_WIDTH) ? '#' : '.');
		buf_printf(&line, "] %s of %s  %d%%", str_format_size(shown, a, sizeof(a)),
		    str_format_size(total, b, sizeof(b)), (int)(part * 100));
	}
	table_cut(out, buf_str(&line), width);
}

void
progress_line(struct progress *p, const char *line)
{
	const int64_t now_ms = clock_now_ms();

	if (p->out == NULL || (p->drawn_ms != 0 && now_ms - p->drawn_ms < REDRAW_MS))
		return;
	p->drawn_ms = now_ms;
	fprintf(p->out, "\r\033[K%s", line);
	fflush(p->out);
}

void
progress_show(struct progress *p, const char *label, int64_t done, int64_t total)
{
	_cleanup_buf_ struct buf line = { 0 };

	if (p->out == NULL)
		return;
	progress_format(&line, p->width - 1, label, done, total);
	progress_line(p, buf_str(&line));
}

void
progress_clear(struct progress *p)
{
	if (p->out == NULL || p->drawn_ms == 0)
		return;
	fputs("\r\033[K", p->out);
	fflush(p->out);
	p->drawn_ms = 0;
}
