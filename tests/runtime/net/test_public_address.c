/*
 * test_public_address.c - what is set aside, at both of its ends.
 */
#include "runtime/net/public_address.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "tests/run.h"

static bool
is_public(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return address_is_public((const struct sockaddr *)&v4);
	ck_assert_msg(inet_pton(AF_INET6, text, &v6.sin6_addr) == 1, "%s", text);
	return address_is_public((const struct sockaddr *)&v6);
}

START_TEST(test_set_aside) /* [H01] every range that is somebody's own */
{
	static const char *const aside[] = { "0.0.0.0", "0.255.255.255", "10.0.0.0",
		"10.255.255.255", "100.64.0.0", "100.127.255.255", "127.0.0.1", "127.255.255.255",
		"169.254.0.0", "169.254.169.254", "172.16.0.0", "172.31.255.255", "192.0.0.0",
		"192.0.0.255", "192.0.2.1", "192.88.99.1", "192.168.0.0", "192.168.255.255",
		"198.18.0.0", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1",
		"239.255.255.255", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::", "::1",
		"::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1",
		"64:ff9b:1::1", "100::1", "2001::1", "2001:10::1", "2001:1ff::1", "2001:db8::1",
		"2002:7f00:1::1", "3fff::1", "fc00::1", "fdff::1", "fe80::1", "fec0::1", "ff02::1",
		"4000::1", "5f00::1" };

	for (size_t i = 0; i < ARRAY_LEN(aside); i++)
		ck_assert_msg(!is_public(aside[i]), "%s is public", aside[i]);
}
END_TEST

START_TEST(test_public) /* and what is beside them is not */
{
	static const char *const open[] = { "1.0.0.0", "8.8.8.8", "9.255.255.255", "11.0.0.0",
		"100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0", "169.253.255.255",
		"169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255",
		"192.169.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255", "168.63.129.17",
		"2001:200::1", "2001:4860:4860::8888", "2001:db7::1", "2003::1",
		"2606:4700:4700::1111", "3ffe::1" };

	for (size_t i = 0; i < ARRAY_LEN(open); i++)
		ck_assert_msg(is_public(open[i]), "%s is set aside", open[i]);
	ck_assert(!address_is_public(&(const struct sockaddr){ .sa_family = AF_UNIX }));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("public_address");
	TCase *t = tcase_create("address");

	tcase_add_test(t, test_set_aside);
	tcase_add_test(t, test_public);
	suite_add_tcase(s, t);
	return run_suite(s);
}
