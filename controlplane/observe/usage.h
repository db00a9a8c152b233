/*
 * usage.h - the row that is kept of each chat.
 */
#ifndef JANUS_OBSERVE_USAGE_H
#define JANUS_OBSERVE_USAGE_H
struct gateway_usage;
struct usage_row;

/** usage_row_of - what is written down of a chat that is over.  It says of status and attempts what the
 *  log line, the metrics and the record in memory say. Any thread. */
struct usage_row usage_row_of(const struct gateway_usage *);
#endif
