/*
 * house.h - a store in a directory of its own, for each test.
 */
#ifndef JANUS_TEST_STORE_HOUSE_H
#define JANUS_TEST_STORE_HOUSE_H
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "controlplane/store/store.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/loop/loop.h"

static char dir[64];
static struct loop *loop;
static struct store *store;

static void
reopen(void)
{
	struct error err = { 0 };

	store_close(store); /* writes what is queued */
	store = store_open(dir, loop, &err);
	ck_assert_msg(store != NULL, "%s", err.text);
}

static void
set_up(void)
{
	snprintf(dir, sizeof(dir), "/tmp/janus_store_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	loop = loop_new(NULL);
	reopen();
}

static void
tear_down(void)
{
	struct error err = { 0 };

	store_close(store);
	store = NULL;
	loop_free(loop);
	ck_assert_msg(file_remove_tree(dir, &err) == 0, "%s", err.text);
}
#endif
