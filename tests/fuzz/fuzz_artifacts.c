/*
 * fuzz_artifacts.c - what competitors announce and callers upload, as any bytes: the first says what they
 * are to be.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/artifacts/inline.h"
#include "controlplane/artifacts/descriptor.h"
#include "controlplane/artifacts/label.h"
#include "controlplane/artifacts/multipart.h"
#include "controlplane/artifacts/range.h"
#include "controlplane/artifacts/source.h"
#include "controlplane/artifacts/splice.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json_scan.h"
#include "runtime/base/str.h"
#include "runtime/net/sse.h"

#define DATA_MAX 1000
#define SIZE 1000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool good)
{
	if (!good)
		abort();
}

/* Replace all there is to replace; spots are in order and do not overlap. */
static void
plan(const char *json, size_t len, const struct descriptors *found, struct splices *out)
{
	size_t end = 0;

	for (size_t i = 0; i < found->len; i++) {
		const struct descriptor *d = &found->at[i];

		must(d->object.at >= end && d->object.at + d->object.len <= len);
		end = d->object.at + d->object.len;
		must(json[d->object.at] == '{' && json[end - 1] == '}');
		if (d->fault == ARTIFACT_NONE) {
			must(d->url != NULL && d->size >= 0 && d->ttl_s >= 0);
			must(d->url_spot.at > d->object.at &&
			    d->url_spot.at + d->url_spot.len < end);
			splices_add(out, d->url_spot, str_dup("\"/v1/artifacts/x\""));
		} else {
			splices_add(out, d->object, str_dup("{\"error\":1}"));
		}
		must(str_utf8_valid(d->name, strlen(d->name)));
	}
	if (found->len > 0 && found->at[0].url != NULL)
		splices_links(out, json, found->texts, found->ntexts, found->at[0].url, "/new");
}

static void
whole(const char *json, size_t len)
{
	_cleanup_buf_ struct buf out = { 0 };
	struct descriptors found = { 0 };
	struct splices splices = { 0 };

	if (descriptors_find(json, len, &found) == 0) {
		must(found.len == 0 || descriptors_may_be(json, len));
		plan(json, len, &found, &splices);
		splices_write(&splices, json, len, &out);
		must(json_scan(buf_str(&out), out.len, NULL, NULL, NULL) == 0);
	}
	splices_done(&splices);
	descriptors_done(&found);
}

static void
check_again(const struct sse_event *ev, void *arg)
{
	int *n = arg;

	if (ev->has_data && (*n)++ == 0)
		must(json_scan(ev->data, ev->data_len, NULL, NULL, NULL) == 0);
}

static void
event(const struct sse_event *ev, void *arg)
{
	struct sse_parser again = { .max_bytes = 1 << 20 };
	_cleanup_buf_ struct buf out = { 0 };
	struct descriptors found = { 0 };
	struct splices splices = { 0 };
	int n = 0;

	(void)arg;
	if (ev->has_data && descriptors_find(ev->data, ev->data_len, &found) == 0) {
		plan(ev->data, ev->data_len, &found, &splices);
		splices_write_event(&splices, ev->raw, ev->raw_len, &out);
		sse_feed(&again, buf_str(&out), out.len, check_again, &n, NULL);
		must(n == 1);
	}
	sse_done(&again);
	splices_done(&splices);
	descriptors_done(&found);
}

static void
form(const char *bytes, size_t len)
{
	struct multipart *m = mem_zalloc(sizeof(*m));

	if (multipart_parse(bytes, len, "b", m) == 0)
		for (size_t i = 0; i < m->len; i++)
			must(m->at[i].bytes >= bytes &&
			    m->at[i].bytes + m->at[i].len <= bytes + len &&
			    m->at[i].name[0] != '\0');
	free(m);
}

static void
range(const char *text)
{
	struct ranges r;
	const enum range_verdict verdict = ranges_parse(text, SIZE, &r);

	must(r.len <= RANGES_MAX && (verdict != RANGE_SOME || r.len > 0));
	for (size_t i = 0; i < r.len; i++)
		must(r.at[i].at >= 0 && r.at[i].len > 0 && r.at[i].at + r.at[i].len <= SIZE);
}

static void
label(const char *text)
{
	char name[LABEL_NAME_MAX], type[LABEL_TYPE_MAX], boundary[72];
	_cleanup_buf_ struct buf out = { 0 };

	label_name(text, name);
	must(name[0] != '\0' && name[0] != '.' && strpbrk(name, "/\\\"\r\n\t") == NULL &&
	    str_utf8_valid(name, strlen(name)));
	label_disposition(&out, name);
	for (const char *p = buf_str(&out); *p != '\0'; p++)
		must(*p >= ' ' && *p <= '~');
	if (label_type(text, type))
		must(strchr(type, '/') != NULL && strpbrk(type, " ;\r\n") == NULL);
	multipart_boundary(text, boundary);
}

static void
source(const char *text)
{
	static const struct source_home pod = { .is_pod = true, .port = 8080 },
					url = { .host = "owl.example", .port = 80 };
	struct source s;

	for (int i = 0; i < 2; i++)
		if (source_parse(text, i == 0 ? &pod : &url, &s))
			must(s.path[0] == '/' && strpbrk(s.path, " \r\n\t#") == NULL &&
			    s.port > 0 && s.port != 8600 && (i == 0 || s.port == 80));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = size > 0 ? str_ndup((const char *)data + 1, size - 1) : NULL;
	struct sse_parser sse = { .max_bytes = 1 << 20 };
	_cleanup_buf_ struct buf out = { 0 };

	if (size == 0)
		return 0;
	switch ((data[0] - '0') & 7) {
	case 0: whole(text, size - 1); break;
	case 1:
		sse_feed(&sse, text, size - 1, event, NULL, NULL);
		sse_done(&sse);
		break;
	case 2:
		if (inline_decode(text, DATA_MAX, &out) == 0)
			must(out.len <= DATA_MAX);
		break;
	case 3: form(text, size - 1); break;
	case 4: range(text); break;
	case 5: label(text); break;
	case 6: source(text); break;
	}
	return 0;
}
