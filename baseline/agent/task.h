/*
 * task.h - a chat as an agent's task: the prompt, the whole conversation, the files that came with
 * it.  Pure.
 */
#ifndef BASELINE_AGENT_TASK_H
#define BASELINE_AGENT_TASK_H
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
struct error;

#define TASK_FILES_MAX 32
#define TASK_DIR "attachments" /* below the workspace */

struct task_file {
	char path[160]; /* attachments/NAME, NAME in plain characters */
	char *content; /* owned: text, or base64 */
	bool is_base64;
};
struct task {
	char *prompt; /* owned: what a CLI agent is told, all of the conversation in it */
	char *messages; /* owned: the conversation as JSON, attachments named by their paths */
	struct task_file files[TASK_FILES_MAX];
	size_t nfiles;
};
/**
 * task_make - from a checked chat request.
 *
 * vision: pictures stay in the messages, for a model that sees; they become files either way.
 * INVALID: too many attachments, or one whose data are none.
 */
int task_make(struct task *, const cJSON *request, bool vision, struct error *);
void task_done(struct task *);
#define _cleanup_task_ __attribute__((cleanup(task_done)))
#endif
