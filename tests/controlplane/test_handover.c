/*
 * test_handover.c - handing over, whatever comes in whatever order: one owner, and nobody without one for long.
 */
#include "controlplane/handover.h"

#include <check.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "tests/run.h"

static const struct rule {
	const char *what;
	enum handover_state from;
	enum handover_event event;
	enum handover_state to;
	enum handover_action action;
} rules[] = {
#define R(what, from, event, to, action)                                                  \
	{                                                                                 \
		what, HANDOVER_##from, HANDOVER_##event, HANDOVER_##to, HANDOVER_##action \
	}
	R("who asks gets copies", SERVING, ASK, ASKED, LEND),
	R("who asks and goes has changed nothing", ASKED, LOST, SERVING, FORGET),
	R("a second one is refused", ASKED, ASK, ASKED, REFUSE),
	R("while it takes over, too", RELEASED, ASK, RELEASED, REFUSE),
	R("and after it", LEAVING, ASK, LEAVING, REFUSE),
	R("who is ready gets the rest", ASKED, READY, RELEASING, RELEASE),
	R("once it is written", RELEASING, WRITTEN, RELEASED, GIVE),
	R("and not before it says so", SERVING, READY, SERVING, NOTHING),
	R("then we leave", RELEASED, SERVES, LEAVING, LEAVE),
	R("not before it has the database", ASKED, SERVES, ASKED, NOTHING),
	R("it may end when it serves: that is no concern of ours", LEAVING, LOST, LEAVING, NOTHING),
	R("gone while we wrote: what was begun is ended", RELEASING, LOST, FORSAKEN, NOTHING),
	R("then somebody has to have it", FORSAKEN, WRITTEN, ORPHANED, RESTART),
	R("gone with the database", RELEASED, LOST, ORPHANED, RESTART),
	R("our own program asks like anybody", ORPHANED, ASK, ADOPTING, LEND),
	R("gets it", ADOPTING, READY, RELEASED, GIVE),
	R("or is started again", ADOPTING, LOST, ORPHANED, RESTART),
	R("and again", ORPHANED, LOST, ORPHANED, RESTART),
#undef R
};

START_TEST(test_rules) /* [M06] */
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct rule *r = &rules[i];
		const struct handover_step s = handover_step(r->from, r->event);

		ck_assert_msg(s.state == r->to && s.action == r->action, "%s: %s, %d", r->what,
		    handover_state_name(s.state), (int)s.action);
	}
}
END_TEST

static unsigned
next(uint64_t *seed, unsigned n)
{
	*seed = *seed * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)((*seed >> 33) % n);
}

/* Any events, in any order: what was given cannot be given twice, and nothing is given unasked. */
START_TEST(test_any_order) /* [M06] */
{
	uint64_t seed = 7;

	for (int run = 0; run < 2000; run++) {
		enum handover_state state = HANDOVER_SERVING;
		bool ours = true, peer = false, released = false, left = false;

		for (int i = 0; i < 60; i++) {
			const enum handover_event event = next(&seed, HANDOVER_EVENT_COUNT);
			const struct handover_step s = handover_step(state, event);

			switch (s.action) {
			case HANDOVER_LEND:
				ck_assert(event == HANDOVER_ASK && !peer && !left);
				peer = true;
				break;
			case HANDOVER_RELEASE:
				ck_assert(peer && ours && !released);
				released = true;
				break;
			case HANDOVER_GIVE:
				ck_assert(peer && released);
				ours = false;
				break;
			case HANDOVER_LEAVE:
				ck_assert(peer && !ours && event == HANDOVER_SERVES);
				left = true;
				break;
			case HANDOVER_FORGET:
				ck_assert(ours && !released);
				peer = false;
				break;
			case HANDOVER_RESTART:
				ck_assert(released && !left);
				peer = false;
				break;
			case HANDOVER_REFUSE: ck_assert_int_eq(event, HANDOVER_ASK); break;
			case HANDOVER_NOTHING:
				if (event == HANDOVER_LOST && s.state == HANDOVER_FORSAKEN)
					peer = false;
				break;
			}
			/* Nobody is asked to wait for ever: who asked is heard. */
			if (event == HANDOVER_ASK)
				ck_assert(s.action == HANDOVER_LEND || s.action == HANDOVER_REFUSE);
			if (left)
				ck_assert_int_eq(s.state, HANDOVER_LEAVING);
			state = s.state;
		}
	}
}
END_TEST

/*
 * With successors that die at any moment: the database has one owner at most, there is always somebody
 * who accepts, and when they stop dying, one serves.
 */
enum { NOT_THERE, ASKING, READY, OWNS, SERVES };

struct world {
	enum handover_state old;
	int successor;
	bool old_owns, old_accepts, to_write, to_restart;
};

static void
tell(struct world *w, enum handover_event event)
{
	const struct handover_step s = handover_step(w->old, event);

	w->old = s.state;
	switch (s.action) {
	case HANDOVER_LEND: w->successor = ASKING; break;
	case HANDOVER_RELEASE: w->to_write = true; break;
	case HANDOVER_GIVE:
		w->old_owns = false;
		w->successor = OWNS;
		break;
	case HANDOVER_LEAVE: w->old_accepts = false; break;
	case HANDOVER_RESTART:
		w->old_owns = false;
		w->to_restart = true;
		break;
	default: break;
	}
}

static void
turn(struct world *w, uint64_t *seed, bool mortal)
{
	switch (next(seed, 6)) {
	case 0:
		if (w->successor == NOT_THERE && (w->old == HANDOVER_SERVING || w->to_restart)) {
			w->to_restart = false;
			tell(w, HANDOVER_ASK);
		}
		break;
	case 1:
		if (w->successor == ASKING) {
			w->successor = READY;
			tell(w, HANDOVER_READY);
		}
		break;
	case 2:
		if (w->to_write) {
			w->to_write = false;
			tell(w, HANDOVER_WRITTEN);
		}
		break;
	case 3:
		if (w->successor == OWNS) {
			w->successor = SERVES;
			tell(w, HANDOVER_SERVES);
		}
		break;
	case 4: /* a second one, or a word that nobody should say now */
		tell(w, w->successor == NOT_THERE ? HANDOVER_READY : HANDOVER_ASK);
		break;
	default:
		if (mortal && w->successor != NOT_THERE && w->successor != SERVES) {
			w->successor = NOT_THERE;
			tell(w, HANDOVER_LOST);
		}
		break;
	}
	ck_assert(!(w->old_owns && w->successor >= OWNS));
	ck_assert(w->old_accepts || w->successor == SERVES);
}

START_TEST(test_mortal_successors) /* [M06][N04] */
{
	uint64_t seed = 11;

	for (int run = 0; run < 2000; run++) {
		struct world w = { .old_owns = true, .old_accepts = true };

		for (int i = 0; i < 80; i++)
			turn(&w, &seed, true);
		for (int i = 0; i < 400 && w.successor != SERVES; i++)
			turn(&w, &seed, false);
		ck_assert_msg(w.successor == SERVES, "nobody serves: %s, %d",
		    handover_state_name(w.old), w.successor);
		ck_assert_int_eq(w.old, HANDOVER_LEAVING);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("handover");
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, test_rules);
	tcase_add_test(tc, test_any_order);
	tcase_add_test(tc, test_mortal_successors);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
