/*
 * item.h - one task of a suite: what is asked, with what, and how the answer is judged.
 *
 * Plain data, read from one line of a suite's JSONL (suite.h checks it).  Pure.
 */
#ifndef JANUS_BENCH_ITEM_H
#define JANUS_BENCH_ITEM_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ITEM_ID_MAX 64

#define ITEM_TASKS(X)                                                          \
	X(CHAT, "chat") /* a short question */                                 \
	X(RESEARCH, "research") /* with citations */                           \
	X(CODING, "coding") /* the answer is run */                            \
	X(TOOLS, "tools") /* one call or a chain, answered by the simulator */ \
	X(AGENTIC, "agentic") /* long, with files as its result */             \
	X(MULTIMODAL, "multimodal") /* images in, images out */                \
	X(STREAMING, "streaming") /* a long answer, steadily */                \
	X(COST, "cost") /* as little as will do */

enum item_task {
#define X(name, word) ITEM_##name,
	ITEM_TASKS(X)
#undef X
	    ITEM_TASK_COUNT
};

/* What it takes beyond text; the modality dimension is made of those that are not TEXT. */
#define ITEM_MODALITIES(X) \
	X(TEXT, "text") X(IMAGE_IN, "image_in") X(IMAGE_OUT, "image_out") X(FILE_OUT, "file_out")

enum item_modality {
#define X(name, word) ITEM_##name,
	ITEM_MODALITIES(X)
#undef X
	    ITEM_MODALITY_COUNT
};

const char *item_task_name(enum item_task);
const char *item_modality_name(enum item_modality);

struct item {
	char id[ITEM_ID_MAX];
	enum item_task task;
	enum item_modality modality;
	double weight; /* above 0; 1 where none is given */
	int64_t timeout_ms; /* of the whole item, all its turns */
	cJSON *json; /* owned: the line; what follows points into it, NULL where it has none */
	const cJSON *messages; /* of the first request, as OpenAI has them; inputs already in */
	const cJSON *tools; /* as OpenAI has them */
	const cJSON *simulator; /* what answers the calls (tools.h) */
	const cJSON *params; /* further members of the request: max_tokens, temperature, ... */
	const cJSON *scorer; /* {"kind":...}, score.h */
	const cJSON *reference; /* what the reference solver says; never leaves this process */
};
#endif
