/*
 * bench.h - what the benchmark's client and upstream agree on: every byte of every answer.
 *
 * An event of a stream holds its number and the CLOCK_MONOTONIC nanoseconds of its sending; the
 * client checks all other bytes, and reads the one-way latency from the stamp.
 */
#ifndef JANUS_TESTS_BENCH_BENCH_H
#define JANUS_TESTS_BENCH_BENCH_H
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define BENCH_JSON                                                                           \
	"{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1700000000,"  \
	"\"model\":\"bench\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\"," \
	"\"content\":\"" BENCH_TEXT BENCH_TEXT BENCH_TEXT BENCH_TEXT                         \
	"\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":12,"                  \
	"\"completion_tokens\":64,\"total_tokens\":76}}"
#define BENCH_TEXT "The quick brown fox jumps over the lazy dog and then rests in the shade. "

#define BENCH_EVENT_HEAD                                                         \
	"data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\"," \
	"\"created\":1700000000,\"model\":\"bench\",\"choices\":[{\"index\":0,"  \
	"\"delta\":{\"content\":\""
#define BENCH_EVENT_TAIL "\"},\"finish_reason\":null}]}\n\n"
#define BENCH_STAMP "%06d %016lld " /* number, nanoseconds */
#define BENCH_STAMP_LEN 24
#define BENCH_EVENT_LEN \
	(sizeof(BENCH_EVENT_HEAD) - 1 + BENCH_STAMP_LEN + sizeof(BENCH_EVENT_TAIL) - 1)
#define BENCH_FINISH                                                                         \
	"data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\","             \
	"\"created\":1700000000,\"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{}," \
	"\"finish_reason\":\"stop\"}]}\n\n"
#define BENCH_USAGE                                                              \
	"data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\"," \
	"\"created\":1700000000,\"model\":\"bench\",\"choices\":[],\"usage\":"   \
	"{\"prompt_tokens\":12,\"completion_tokens\":64,\"total_tokens\":76}}\n\n"
#define BENCH_DONE "data: [DONE]\n\n"

static inline int64_t
bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
#endif
