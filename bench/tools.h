/*
 * tools.h - answer the tool calls of a conversation, always in the same way.
 *
 * Pure.  An item's "simulator" says what its tools do:
 *
 *   {"tools":{
 *      "get_weather":{"replies":[{"arguments":{"city":"Brno"},"reply":{"celsius":21}}]},
 *      "calculator":{"function":"calculate"},
 *      "get_order":{"function":"lookup","by":"order_id","table":{"A-17":{"state":"sent"}}},
 *      "list_orders":{"function":"select","rows":[{"customer":"Eva","id":"A-17"}]},
 *      "send_mail":{"reply":{"sent":true}}},
 *    "max_turns":8}
 *
 * replies    the first row all of whose arguments are given equal; more may be given.  Texts are equal
 *            without regard to case and spaces, numbers by value, also as text; the rest exactly.
 *            A row's "then" (an array) is what the second, third... call that it answers gets, the
 *            last of them from then on.
 * reply      to any call (after replies, if none of them fits)
 * calculate  the argument "expression": + - * / ( ) and decimal numbers -> {"result":n}
 * lookup     the row of the table that the argument `by` names -> the row
 * select     the rows that are equal in all given arguments -> {"rows":[...],"count":n}
 *
 * A string as a reply is sent as it is, everything else as compact JSON.  What cannot be answered is
 * {"error":{"code","message"}} with unknown_tool, invalid_arguments or not_found.
 */
#ifndef JANUS_BENCH_TOOLS_H
#define JANUS_BENCH_TOOLS_H
#include <cjson/cJSON.h>
#include <stddef.h>
struct error;

#define TOOLS_TURNS 8 /* where the simulator does not say */
#define TOOLS_TURNS_MAX 64

/**
 * tools_answer - what the tool says to that call; the text is the caller's.
 *
 * calls   of the conversation up to this one: objects {"name","arguments"(text)}, this the last
 * index   of the call to answer in calls
 */
char *tools_answer(const cJSON *simulator, const cJSON *calls, size_t index);
/** tools_max_turns - how many answers the conversation may have at most. */
int tools_max_turns(const cJSON *simulator);
/** tools_check - is that a simulator? INVALID says what is wrong; NULL is fine. */
int tools_check(const cJSON *simulator, struct error *);
#endif
