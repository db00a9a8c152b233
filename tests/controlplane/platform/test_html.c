/*
 * test_html.c - pages to text.
 */
#include "controlplane/platform/html.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"
#include "tests/run.h"

static const struct page {
	const char *what, *in, *text;
} pages[] = {
	{ "words and blocks", "<p>One  two\n three</p><p>four</p>", "One two three\n\nfour" },
	{ "lines", "a<br>b<div>c</div>d<li>e", "a\nb\nc\nd\ne" },
	{ "cells", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>", "a b\nc" },
	{ "what is not read", "a<script>if (1 < 2) x('</p>')</script><style>b{}</style>b", "ab" },
	{ "a script that never ends", "a<script>b", "a" },
	{ "comments", "a<!-- <p>x --> b<!doctype html>c<?php d ?>e", "a bce" },
	{ "a comment that never ends", "a<!-- b", "a" },
	{ "entities", "&lt;b&gt; &amp;amp; &#65;&#x42; &eacute; &bogus; &",
	    "<b> &amp; AB é &bogus; &" },
	{ "numbers that are none", "&#0;&#xd800;&#x110000;&#zz;&#;", "\ufffd\ufffd\ufffd&#zz;&#;" },
	{ "not a tag", "1 < 2 <3 <", "1 < 2 <3 <" },
	{ "a tag that never ends", "a<p class=\"x", "a" },
	{ "a bracket in quotes", "a<p title=\"a>b\">c", "a\n\nc" },
	{ "kept as written", "<pre>a\n  b</pre>", "a\n  b" },
	{ "control characters",
	    "a\x01\x02"
	    "b",
	    "ab" },
	{ "nothing", "", "" },
};

START_TEST(test_pages)
{
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		_cleanup_(html_done) struct html h = { 0 };

		html_read(&h, pages[i].in, strlen(pages[i].in));
		ck_assert_msg(strcmp(buf_str(&h.text), pages[i].text) == 0, "%s: '%s', not '%s'",
		    pages[i].what, buf_str(&h.text), pages[i].text);
		ck_assert(!h.cut);
	}
}
END_TEST

START_TEST(test_title_and_links)
{
	static const char page[] =
	    "<head><title> The &amp; page </title><base href='/deep/'></head>"
	    "<svg><title>not this</title></svg><a href=\"one?a=1&amp;b=2\">The <b>first</b></a>"
	    "<a name=x>none</a><a href=two>two<a href='three' class=y>three</a> end";
	_cleanup_(html_done) struct html h = { 0 };

	html_read(&h, page, strlen(page));
	ck_assert_str_eq(buf_str(&h.title), "The & page");
	ck_assert_str_eq(h.base, "/deep/");
	ck_assert_uint_eq(h.nlinks, 3);
	ck_assert_str_eq(h.links[0].href, "one?a=1&b=2");
	ck_assert_str_eq(h.links[0].text, "The first");
	ck_assert_str_eq(h.links[1].href, "two");
	ck_assert_str_eq(h.links[2].href, "three");
}
END_TEST

START_TEST(test_bounds) /* [H06] a page that is nothing but links, or text, or title, has an end */
{
	_cleanup_buf_ struct buf page = { 0 };
	_cleanup_(html_done) struct html h = { 0 };

	for (int i = 0; i < 40000; i++)
		buf_printf(&page, "<a href=/%d>some words for link %d</a> ", i, i);
	buf_add_str(&page, "<title>");
	for (int i = 0; i < 10000; i++)
		buf_add_str(&page, "title");
	html_read(&h, page.data, page.len);
	ck_assert_uint_eq(h.nlinks, HTML_LINKS_MAX);
	ck_assert_uint_le(h.text.len, HTML_TEXT_MAX);
	ck_assert_uint_le(h.title.len, HTML_TITLE_MAX);
	ck_assert(h.cut);
}
END_TEST

START_TEST(test_charsets)
{
	_cleanup_buf_ struct buf out = { 0 };

	html_utf8(&out, "ISO-8859-1", "caf\xe9 \x80", 6);
	ck_assert_str_eq(buf_str(&out), "café €");
	buf_clear(&out);
	html_utf8(&out, "utf-8", "café", 5);
	ck_assert_str_eq(buf_str(&out), "café");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("html");
	TCase *t = tcase_create("html");

	tcase_add_test(t, test_pages);
	tcase_add_test(t, test_title_and_links);
	tcase_add_test(t, test_bounds);
	tcase_add_test(t, test_charsets);
	suite_add_tcase(s, t);
	return run_suite(s);
}
