/*
 * fuzz_html.c - any page: it ends, and what comes out is bounded.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/platform/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct html h = { 0 };
	struct buf text = { 0 };

	html_read(&h, (const char *)data, size);
	if (h.title.len > HTML_TITLE_MAX || h.text.len > HTML_TEXT_MAX ||
	    h.nlinks > HTML_LINKS_MAX || h.text.len > size * 4 + 4)
		abort();
	for (size_t i = 0; i < h.nlinks; i++)
		if (strlen(h.links[i].href) >= HTML_HREF_MAX ||
		    strlen(h.links[i].text) > HTML_LABEL_MAX)
			abort();
	html_done(&h);
	html_utf8(&text, "latin1", (const char *)data, size);
	buf_done(&text);
	return 0;
}
