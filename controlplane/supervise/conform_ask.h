/*
 * conform_ask.h - what each check of conform_checks.h asks. Pure.
 */
#ifndef JANUS_SUPERVISE_CONFORM_ASK_H
#define JANUS_SUPERVISE_CONFORM_ASK_H
#include "controlplane/supervise/conform_checks.h"

conform_ask_fn ask_artifact, ask_bad_json, ask_cancel, ask_completion, ask_health, ask_image,
    ask_large, ask_no_messages, ask_nothing, ask_parts, ask_stream, ask_stream_usage,
    ask_tool_result, ask_tools, ask_two, ask_unknown;
#endif
