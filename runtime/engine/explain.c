/*
 * explain.c - why a pod ended, in words.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/str.h"
#include "runtime/engine/engine.h"

/* What the usual fatal signals are called; strsignal() follows the locale. */
static const char *
signal_word(int signo)
{
	switch (signo) {
	case SIGILL: return "Illegal instruction";
	case SIGTRAP: return "Trap";
	case SIGABRT: return "Aborted";
	case SIGBUS: return "Bus error";
	case SIGFPE: return "Arithmetic error";
	case SIGSEGV: return "Segmentation fault";
	case SIGSYS: return "System call not allowed";
	default: return NULL;
	}
}

const char *
pod_explain(const struct pod_state *s, int64_t memory_bytes, char *out)
{
	const size_t cap = ENGINE_TEXT_MAX;
	/* An engine that knows no signal reports it as a shell would. */
	const int sig = s->signal != 0                       ? s->signal
	    : s->exit_code > 128 && s->exit_code <= 128 + 64 ? s->exit_code - 128
							     : 0;
	const char *word = signal_word(sig);
	char size[24];

	str_format_size(memory_bytes, size, sizeof(size));
	if (s->phase == POD_ABSENT)
		snprintf(out, cap, "is gone from the engine");
	else if (s->phase == POD_RUNNING || s->phase == POD_PAUSED)
		snprintf(out, cap, s->phase == POD_PAUSED ? "is paused" : "is running");
	else if (s->exit_code == 126)
		snprintf(out, cap, "command is not executable");
	else if (s->exit_code == 127)
		snprintf(out, cap, "command not found");
	else if (s->error[0] != '\0')
		snprintf(out, cap, "could not be started: %.200s", s->error);
	else if (s->phase == POD_CREATED)
		snprintf(out, cap, "was never started");
	else if (s->oom_killed && (sig == SIGKILL || memory_bytes <= 0))
		snprintf(out, cap,
		    memory_bytes > 0 ? "killed: memory limit %s" : "killed: memory limit", size);
	else if (s->oom_killed)
		snprintf(out, cap, "ended with %d after the memory limit %s killed a process of it",
		    s->exit_code, size);
	else if (word != NULL)
		snprintf(out, cap, "crashed: signal %d (%s)", sig, word);
	else if (sig != 0)
		snprintf(out, cap, "killed (signal %d)", sig);
	else
		snprintf(out, cap, "exited with %d", s->exit_code);
	return out;
}
