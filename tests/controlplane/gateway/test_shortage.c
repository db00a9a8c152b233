/*
 * test_shortage.c - a gateway that has no descriptor left to reach a competitor with: that is its own trouble.
 */
#include <sys/resource.h>

#include "tests/controlplane/gateway/house.h"

#define CHATS 12 /* more than the failures that open a breaker */

static const char *const ways[] = { "web", "pod" };

/* No descriptor is free any more; what is open stays so. */
static struct rlimit
lower_limit(void)
{
	struct rlimit was;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 3, was.rlim_max }), 0);
	return was;
}

START_TEST(test_no_descriptors) /* [M03] for a connection: nobody else is blamed */
{
	_cleanup_free_ char *body = str_printf("{\"model\":\"janus/%s\"," MESSAGES "}", ways[_i]);
	struct peer clients[CHATS];

	for (int i = 0; i < CHATS; i++)
		clients[i] = peer_open();
	assert_serves("before"); /* every client was accepted */
	const struct rlimit was = lower_limit();
	for (int i = 0; i < CHATS; i++) {
		peer_send_chat(&clients[i], "", body, strlen(body));
		struct answer a = peer_answer(&clients[i]);
		assert_envelope(ways[_i], &a, 500, "internal", "platform");
		answer_done(&a);
	}
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	struct answer a = chat("", body); /* no breaker keeps it from being asked */
	ck_assert_msg(a.status == 200, "%s: %d %s", ways[_i], a.status, buf_str(&a.body));
	answer_done(&a);
	for (int i = 0; i < CHATS; i++)
		peer_close(&clients[i]);
}
END_TEST

static void
up(void)
{
	h.script = answers_whole;
	h.traffic = traffic_defaults;
	house_up();
}

int
main(void)
{
	Suite *suite = suite_create("a gateway without descriptors");
	TCase *tc = tcase_create("shortage");

	tcase_add_checked_fixture(tc, up, house_down);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, test_no_descriptors, 0, (int)ARRAY_LEN(ways));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
