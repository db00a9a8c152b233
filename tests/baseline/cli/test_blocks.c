/*
 * test_blocks.c - which code of a text is run, and where it ends.
 */
#include "baseline/cli/blocks.h"

#include <check.h>
#include <string.h>

#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "tests/run.h"

static const struct {
	const char *what, *text, *found; /* "program:code|" for each */
} cases[] = {
	{ "nothing", "", "" },
	{ "no fence", "print(1)", "" },
	{ "three languages", "```sh\na\n```\n```python\nb\n```\ntext\n```js\nc\n```\n",
	    "sh:a\n|python3:b\n|node:c\n|" },
	{ "other names of them", "```bash\na\n```\n```PY\nb\n```\n```JavaScript\nc\n```",
	    "sh:a\n|python3:b\n|node:c\n|" },
	{ "another language", "```rust\na\n```\n```sh\nb\n```", "sh:b\n|" },
	{ "no language", "```\na\n```", "" },
	{ "its inside is not looked at", "```text\n```sh\na\n```\n", "" },
	{ "a longer fence holds shorter ones", "````sh\n```\na\n```\n````\nx",
	    "sh:```\na\n```\n|" },
	{ "tildes", "~~~sh\na\n```\n~~~\n", "sh:a\n```\n|" },
	{ "never closed", "```sh\na\nb", "sh:a\nb|" },
	{ "empty", "```sh\n```", "sh:|" },
	{ "words behind the language", "```python title=\"x\"\na\n```", "python3:a\n|" },
	{ "braces behind it", "```python{1,2}\na\n```", "python3:a\n|" },
	{ "carriage returns", "```sh\r\na\r\n```\r\nx", "sh:a\r\n|" },
	{ "a little way in", "  ```sh\n  a\n  ```", "sh:  a\n|" },
	{ "code by its indent", "    ```sh\n    a\n    ```", "" },
	{ "two marks are none", "``sh\na\n``", "" },
};

START_TEST(test_cases)
{
	const char *at = cases[_i].text;
	_cleanup_buf_ struct buf found = { 0 };
	struct block block;

	while (block_next(&at, &block))
		buf_printf(
		    &found, "%s:%.*s|", block_program(block.language), (int)block.len, block.code);
	ck_assert_msg(strcmp(buf_str(&found), cases[_i].found) == 0, "%s: %s", cases[_i].what,
	    buf_str(&found));
	ck_assert_str_eq(at, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("blocks");
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, test_cases, 0, (int)ARRAY_LEN(cases));
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
