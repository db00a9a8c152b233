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

/* ---- what the contract says of what a log complains of ---- */

static const struct {
	const char *words[8]; /* of a line, in any case */
	const char *rule;
} rules[] = {
	{ { "read-only file system", "EROFS" },
	    "only /tmp and the image's VOLUMEs can be written to" },
	{ { "name resolution", "EAI_AGAIN", "ENOTFOUND", "could not resolve", "no such host",
	      "name or service not known", "name does not resolve" },
	    "a pod has no DNS: names are asked for at JANUS_PLATFORM_URL, the only way out" },
	{ { "network is unreachable", "ENETUNREACH", "network unreachable" },
	    "a pod has no network: JANUS_PLATFORM_URL is the only way out" },
	{ { "permission denied", "EACCES", "operation not permitted", "EPERM", "as root",
	      "must be root" },
	    "it runs as a user of its own, never as root and without any privilege" },
};

static bool
complains(const struct evidence_in *e, const char *const words[8])
{
	for (size_t i = 0; i < e->nlogs; i++)
		for (size_t k = 0; k < 8 && words[k] != NULL; k++)
			if (strcasestr(e->logs[i], words[k]) != NULL)
				return true;
	return false;
}

/* Of one that ended or never listened; NULL: nothing to say. *next: where to go on, 0 at first. */
static const char *
next_rule(const struct evidence_in *e, size_t *next)
{
	while (*next < ARRAY_LEN(rules)) {
		const size_t i = (*next)++;

		if (complains(e, rules[i].words))
			return rules[i].rule;
	}
	return NULL;
}

static void
add_contract(cJSON *json, const struct evidence_in *e)
{
	cJSON *list = NULL;
	const char *rule;
	size_t next = 0;

	while ((rule = next_rule(e, &next)) != NULL) {
		if (list == NULL)
			list = json_add_arr(json, "contract");
		json_add_str(list, NULL, rule);
	}
}

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
	add_contract(json, e);
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

static void
say_reason(const struct evidence_in *e, char *out, size_t cap)
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

void
evidence_sentence(const struct evidence_in *e, char *out, size_t cap)
{
	size_t next = 0;
	const char *rule = next_rule(e, &next);

	say_reason(e, out, cap);
	if (rule != NULL && strlen(out) + 2 < cap)
		snprintf(out + strlen(out), cap - strlen(out), "; %s", rule);
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
