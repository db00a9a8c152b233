/*
 * evidence.c - put what was seen into words.
 */
#include "controlplane/supervise/evidence.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/supervise/supervisor.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/json.h"
#include "runtime/base/str.h"
#include "runtime/engine/link_protocol.h"

/* states as the kernel prints them */
#define TCP_CLOSE_WAIT 0x08
#define TCP_LISTEN 0x0a

char *
evidence_json(const struct evidence_in *e)
{
	_cleanup_json_ cJSON *json = cJSON_CreateObject();
	char explained[ENGINE_TEXT_MAX];

	if (e->state != NULL && e->state->phase == POD_EXITED) {
		json_add_int(json, "exit_code", e->state->exit_code);
		json_add_bool(json, "out_of_memory", e->state->oom_killed);
		json_add_str(json, "explained", pod_explain(e->state, e->memory_bytes, explained));
	}
	if (e->start_error[0] != '\0')
		json_add_str(json, "start_error", e->start_error);
	if (e->listening != NULL)
		json_add_str(json, "listening", e->listening);
	if (e->health->at_ms != 0) {
		cJSON *health = json_add_obj(json, "health");

		json_add_int(health, "status", e->health->status);
		json_add_str(
		    health, "error", e->health->error[0] != '\0' ? e->health->error : NULL);
		json_add_str(health, "body", e->health_body);
	}
	cJSON *logs = json_add_arr(json, "logs");
	for (size_t i = 0; i < e->nlogs; i++)
		json_add_str(logs, NULL, e->logs[i]);
	return json_print(json);
}

static void
health_words(const struct evidence_in *e, char *out, size_t cap)
{
	if (e->health->error[0] != '\0')
		snprintf(out, cap, "%s", e->health->error);
	else
		snprintf(out, cap, "it answered status %d", e->health->status);
}

void
evidence_sentence(const struct evidence_in *e, char *out, size_t cap)
{
	char explained[ENGINE_TEXT_MAX], health[ENGINE_TEXT_MAX], limit[24];

	str_format_duration(e->start_timeout_ms, limit, sizeof(limit));
	health_words(e, health, sizeof(health));
	if (e->start_error[0] != '\0')
		snprintf(out, cap, "%s", e->start_error);
	else if (e->state != NULL && e->state->phase == POD_EXITED)
		snprintf(out, cap, "%s", pod_explain(e->state, e->memory_bytes, explained));
	else if (strcmp(e->reason, "not_listening") == 0 && e->listening != NULL)
		snprintf(out, cap, "nothing listened on 127.0.0.1:%d within %s; listening: %s",
		    e->port, limit, e->listening[0] != '\0' ? e->listening : "nothing");
	else if (strcmp(e->reason, "not_listening") == 0)
		snprintf(out, cap, "nothing listened on 127.0.0.1:%d within %s", e->port, limit);
	else if (strcmp(e->reason, "not_healthy") == 0)
		snprintf(out, cap, "GET /health was never 200 within %s: %s", limit, health);
	else
		snprintf(out, cap, "%s", e->reason);
}

/* "0100007F:1F90" or 32 hex digits of an IPv6 address, as the kernel prints them. */
static bool
address_text(const char *hex, char *out, size_t cap)
{
	const char *colon = strchr(hex, ':');
	unsigned port, word[4];
	char ip[INET6_ADDRSTRLEN];

	if (colon == NULL || sscanf(colon + 1, "%x", &port) != 1 || port == LINK_BROKER_PORT)
		return false;
	if (colon - hex == 8 && sscanf(hex, "%8x", &word[0]) == 1)
		inet_ntop(AF_INET, word, ip, sizeof(ip));
	else if (colon - hex == 32 &&
	    sscanf(hex, "%8x%8x%8x%8x", &word[0], &word[1], &word[2], &word[3]) == 4)
		inet_ntop(AF_INET6, word, ip, sizeof(ip));
	else
		return false;
	snprintf(out, cap, colon - hex == 8 ? "%s:%u" : "[%s]:%u", ip, port);
	return true;
}

/* The next line of a table; false at its end. local and remote hold 80 bytes. */
static bool
next_socket(const char **table, char *local, char *remote, unsigned *state)
{
	while (**table != '\0') {
		const size_t len = strcspn(*table, "\n");
		_cleanup_free_ char *line = len < 400 ? str_ndup(*table, len) : NULL;

		*table += len + ((*table)[len] == '\n');
		if (line != NULL && sscanf(line, " %*u: %79s %79s %x", local, remote, state) == 3)
			return true;
	}
	return false;
}

void
listening_from_table(const char *table, struct buf *out)
{
	char local[80], remote[80], address[INET6_ADDRSTRLEN + 16];
	unsigned state;

	while (next_socket(&table, local, remote, &state))
		if (state == TCP_LISTEN && address_text(local, address, sizeof(address)))
			buf_printf(out, "%s%s", out->len != 0 ? ", " : "", address);
}

int
abandoned_in_table(const char *table, int port)
{
	char local[80], remote[80];
	unsigned state, local_port;
	int n = 0;

	while (next_socket(&table, local, remote, &state)) {
		const char *colon = strchr(local, ':');

		n += state == TCP_CLOSE_WAIT && colon != NULL &&
		    sscanf(colon + 1, "%x", &local_port) == 1 && (int)local_port == port;
	}
	return n;
}
