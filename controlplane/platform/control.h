/*
 * control.h - the socket on which janusd announces pods.
 *
 * SEQPACKET at <runtime dir>/platform.sock.  Packets are JSON objects: {"op":"pod","instance":..,
 * "competitor":..,"token_sha256":..} with the pod's listener, {"op":"gone","instance":..} and
 * {"op":"ping"}; each is answered {"ok":true} or {"ok":false,"error":".."}.  Only root and our own
 * user may connect.  Pods stay when a connection is lost: janusd may only be restarting.
 *
 * The other way go {"op":"chat","instance":..,"request_id":..}, does that chat run there now?,
 * which janusd answers by the same with "runs":true or false; and {"op":"calls",..}, what pods
 * called (report.h), which nobody answers.  {"op":"services"} is answered by the same with what is set
 * up here (offers.h).
 */
#ifndef JANUS_PLATFORM_CONTROL_H
#define JANUS_PLATFORM_CONTROL_H
#include <stdbool.h>
#include <stddef.h>
struct control;
struct error;
struct platform;

#define CONTROL_PACKET_MAX 16384

struct control *control_new(struct platform *, const char *path, struct error *);
/** control_quiet - take no new connections: the next broker may have the path. */
void control_quiet(struct control *);
void control_free(struct control *);
/** control_send - a packet to whoever announces pods; false if nobody does, or takes it. */
bool control_send(struct control *, const char *packet, size_t len);
/** control_obey - one packet with its descriptor `received` (taken over; -1: none). 0, 1 where no
 *  answer is wanted, 2 from whoever has sandboxes instead of pods, 3 where the services are asked
 *  for, or -1 with err. */
int control_obey(struct platform *, const char *packet, size_t len, int received, struct error *);
#endif
