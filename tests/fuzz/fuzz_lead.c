/*
 * fuzz_lead.c - any text as the report of a run: refused with words, or scores that a board can hold.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/schedule/lead.h"
#include "runtime/base/error.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct lead_score *s)
{
	if (s->has && !(s->low >= 0 && s->low <= s->value && s->value <= s->high && s->high <= 100))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct lead_entrant owl = { .id = "cpt_owl", .is_ready = true };
	const struct lead_rules rules = { 1, 80 };
	struct lead_run run = { 0 };
	struct lead_board board;
	struct error err = { 0 };

	if (lead_run_parse((const char *)data, size, &run, &err) < 0) {
		if (err.kind == ERROR_NONE || err.text[0] == '\0')
			abort();
		return 0;
	}
	for (int d = 0; d < LEAD_DIMENSION_COUNT; d++)
		check(&run.score[d]);
	memcpy(run.competitor, owl.id, sizeof(run.competitor));
	lead_board_make(&owl, 1, &run, 1, &board);
	if (board.len != (size_t)run.is_whole)
		abort();
	lead_challenger(&board, &rules, NULL);
	lead_board_done(&board);
	return 0;
}
