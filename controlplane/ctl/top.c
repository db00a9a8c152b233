/*
 * top.c - what the competitors do at this moment, again and again.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "controlplane/ctl/client.h"
#include "controlplane/ctl/commands.h"
#include "controlplane/ctl/failure.h"
#include "controlplane/ctl/output.h"
#include "controlplane/ctl/top_rates.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/error.h"
#include "runtime/base/json.h"

#define EVERY_MS 1000
#define WINDOW 10 /* snapshots that rates look back */

#define SCREEN_ENTER "\033[?1049h\033[?25l"
#define SCREEN_LEAVE "\033[?25h\033[?1049l"
#define SCREEN_CLEAR "\033[H\033[2J"

struct screen {
	bool on, keys; /* keys: the terminal's line mode is off and must come back */
	struct termios was;
};

static void
screen_leave(struct screen *s)
{
	if (!s->on)
		return;
	if (s->keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &s->was);
	fputs(SCREEN_LEAVE, stdout);
	fflush(stdout);
	s->on = false;
}

static void
screen_enter(struct screen *s)
{
	struct termios raw;

	s->on = true;
	s->keys = isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &s->was) == 0;
	if (s->keys) {
		raw = s->was;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fputs(SCREEN_ENTER, stdout);
}

/* Wait for the next turn; false: q was pressed, or Ctrl-C. */
static bool
wait_turn(const struct screen *s)
{
	const int64_t due_ms = clock_now_ms() + EVERY_MS;

	while (!ctl_interrupted()) {
		struct pollfd in = { .fd = s->keys ? STDIN_FILENO : -1, .events = POLLIN };
		const int64_t left_ms = due_ms - clock_now_ms();
		char key = 0;

		if (left_ms <= 0)
			return true;
		if (poll(&in, 1, (int)left_ms) <= 0)
			continue;
		if (read(STDIN_FILENO, &key, 1) != 1 || key == 'q' || key == 'Q')
			return false;
	}
	return false;
}

static int
snapshot(struct ctl *ctl, cJSON **out, struct ctl_failure *f)
{
	if (ctl_get(ctl, "/api/v1/top", out, f) < 0)
		return -1;
	if (cJSON_IsArray(json_get(*out, "data")))
		return 0;
	cJSON_Delete(*out);
	*out = NULL;
	return ctl_fail(f, CTL_UNREACHABLE, "bad_response", "the daemon's answer is no snapshot");
}

static void
draw(const struct ctl *ctl, const cJSON *before, const cJSON *now)
{
	_cleanup_json_ cJSON *list = top_rates(before, now);

	ctl_print_list(ctl, ctl_kind_of("top"), list, stdout);
}

static int
live(struct ctl *ctl, struct ctl_failure *f)
{
	_cleanup_(screen_leave) struct screen screen = { 0 };
	cJSON *past[WINDOW] = { 0 };
	int rc = 0;

	for (size_t turn = 0;; turn++) {
		cJSON *now = NULL, **slot = &past[turn % WINDOW];

		if ((rc = snapshot(ctl, &now, f)) < 0)
			break;
		if (!screen.on)
			screen_enter(&screen);
		/* The slot's snapshot is the oldest; before there are so many, the first is. */
		fputs(SCREEN_CLEAR, stdout);
		printf("janus  %s  q quits\n\n",
		    json_str(now, "at") != NULL ? json_str(now, "at") : "");
		draw(ctl, *slot != NULL ? *slot : past[0], now);
		fflush(stdout);
		cJSON_Delete(*slot);
		*slot = now;
		if (!wait_turn(&screen))
			break;
	}
	for (size_t i = 0; i < WINDOW; i++)
		cJSON_Delete(past[i]);
	return rc;
}

static int
once(struct ctl *ctl, struct ctl_failure *f)
{
	_cleanup_json_ cJSON *before = NULL, *now = NULL;

	if (snapshot(ctl, &before, f) < 0)
		return -1;
	if (ctl->format == CTL_JSON) {
		ctl_print_json(before, stdout);
		return 0;
	}
	ctl_sleep(EVERY_MS);
	if (snapshot(ctl, &now, f) < 0)
		return -1;
	draw(ctl, before, now);
	return 0;
}

int
ctl_top(struct ctl *ctl)
{
	const bool watched =
	    ctl->out_is_terminal && (ctl->format == CTL_TABLE || ctl->format == CTL_WIDE);
	struct ctl_failure f = { 0 };
	struct error err = { 0 };

	if (ctl_columns_check(ctl, ctl_kind_of("top"), &err) < 0)
		return ctl_misuse(ctl, "%s", err.text);
	ctl_catch_interrupt();
	if ((watched ? live(ctl, &f) : once(ctl, &f)) < 0)
		return f.exit_code == CTL_INTERRUPTED ? CTL_OK : ctl_complain(ctl, &f);
	return CTL_OK;
}
