/*
 * control.h - the socket on which janusd announces pods.
 *
 * SEQPACKET at <runtime dir>/platform.sock.  Packets are JSON objects: {"op":"pod","instance":..,
 * "competitor":..,"token_sha256":..} with the pod's listener, {"op":"gone","instance":..} and
 * {"op":"ping"}; each is answered {"ok":true} or {"ok":false,"error":".."}.  Only root and our own
 * user may connect.  Pods stay when a connection is lost: janusd may only be restarting.
 */
#ifndef JANUS_PLATFORM_CONTROL_H
#define JANUS_PLATFORM_CONTROL_H
#include <stddef.h>
struct control;
struct error;
struct platform;

struct control *control_new(struct platform *, const char *path, struct error *);
void control_free(struct control *);
/** control_obey - one packet with its descriptor `received` (taken over; -1: none). 0, or -1 with err. */
int control_obey(struct platform *, const char *packet, size_t len, int received, struct error *);
#endif
