/*
 * otlp_attributes.h - attributes in OTLP JSON (internal to the encoders).
 *
 * Each adds one to an open array, with its comma; texts that are NULL or "" are left out.
 */
#ifndef JANUS_OBSERVE_OTLP_ATTRIBUTES_H
#define JANUS_OBSERVE_OTLP_ATTRIBUTES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct buf;
struct otlp_config;

void attr_text(struct buf *, const char *name, const char *value);
void attr_int(struct buf *, const char *name, int64_t);
void attr_number(struct buf *, const char *name, double);
void attr_bool(struct buf *, const char *name, bool);
/** attr_list - texts, as an array. */
void attr_list(struct buf *, const char *name, const char *const *values, size_t n);
/** attr_resource - what is said of us in every message: "resource":{"attributes":[...]}. */
void attr_resource(struct buf *, const struct otlp_config *);
#endif
