/*
 * commands.c - the one table of verbs and nouns: parsing, help and completion read it.
 */
#include "controlplane/ctl/commands.h"

#include <stdio.h>
#include <string.h>

#include "controlplane/ctl/ctl.h"
#include "runtime/base/buf.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/str.h"

#define LISTING (CTL_OPT(FILTER) | CTL_OPT(SORT) | CTL_OPT(LIMIT) | CTL_OPT(SINCE) | CTL_OPT(UNTIL))

#define MEASURING \
	(CTL_OPT(SUITE) | CTL_OPT(SEED) | CTL_OPT(EPOCHS) | CTL_OPT(SUBSET) | CTL_OPT(CONCURRENCY))

#define LIST(noun_, what, example)                                                              \
	{                                                                                       \
		.verb = "list", .noun = noun_, .args = "", .options = LISTING, .run = ctl_list, \
		.help = what, .examples = { "janusctl list " noun_ "s", example },              \
	}
#define SHOW(noun_, what, example)                                                                 \
	{                                                                                          \
		.verb = "show", .noun = noun_, .args = "NAME", .min = 1, .max = 1, .names = noun_, \
		.run = ctl_show, .help = what, .examples = { example, example " --output json" },  \
	}
#define STEER(verb_, opts, fn, what)                                                     \
	{                                                                                \
		.verb = verb_, .noun = "competitor", .args = "NAME", .min = 1, .max = 1, \
		.options = opts, .names = "competitor", .run = fn, .help = what,         \
		.examples = { "janusctl " verb_ " competitor swift-owl",                 \
			"janusctl " verb_ " swift-owl" },                                \
	}

const struct ctl_command ctl_commands[] = {
	{ .verb = "submit",
	    .noun = "image",
	    .args = "REF",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(NAME) | CTL_OPT(MANIFEST) | CTL_OPT(WAIT) | CTL_OPT(DRY_RUN),
	    .required = CTL_OPT(NAME),
	    .run = ctl_submit_image,
	    .help = "submit an image as the next version of a competitor",
	    .examples = { "janusctl submit image registry.example/team/owl:3 --name swift-owl "
			  "--wait",
		"janusctl submit image owl:dev --name swift-owl --manifest janus.json" } },
	{ .verb = "submit",
	    .noun = "url",
	    .args = "URL",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(NAME) | CTL_OPT(MANIFEST) | CTL_OPT(WAIT) | CTL_OPT(DRY_RUN),
	    .required = CTL_OPT(NAME),
	    .run = ctl_submit_url,
	    .help = "submit an endpoint that runs elsewhere",
	    .examples = { "janusctl submit url http://127.0.0.1:9001 --name dev --wait",
		"janusctl submit url http://127.0.0.1:9001 --name dev -q" } },
	{ .verb = "submit",
	    .noun = "bundle",
	    .args = "FILE|DIR",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(NAME) | CTL_OPT(MANIFEST) | CTL_OPT(WAIT),
	    .required = CTL_OPT(NAME),
	    .run = ctl_submit_bundle,
	    .help = "submit an image that is in no registry: an archive, or what makes one",
	    .examples = { "janusctl submit bundle owl.tar --name swift-owl --wait",
		"janusctl submit bundle ./owl --name swift-owl --manifest janus.json" } },
	{ .verb = "wait",
	    .noun = "submission",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .names = "submission",
	    .run = ctl_wait_submission,
	    .help = "follow a submission to its end",
	    .examples = { "janusctl wait submission swift-owl",
		"janusctl wait submission swift-owl --timeout 5m" } },
	{ .verb = "conform",
	    .args = "IMAGE|URL|COMPETITOR",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(MANIFEST),
	    .names = "competitor",
	    .run = ctl_conform,
	    .help = "put an image, an endpoint or a competitor to the checks of a submission",
	    .examples = { "janusctl conform owl:dev", "janusctl conform http://127.0.0.1:9001" } },
	{ .verb = "cancel",
	    .noun = "submission",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .names = "submission",
	    .run = ctl_cancel,
	    .help = "stop working on a submission",
	    .examples = { "janusctl cancel submission swift-owl", "janusctl cancel swift-owl" } },
	{ .verb = "run",
	    .noun = "bench",
	    .args = "",
	    .options = CTL_OPT(COMPETITOR) | MEASURING | CTL_OPT(WAIT) | CTL_OPT(DRY_RUN),
	    .required = CTL_OPT(COMPETITOR),
	    .run = ctl_run_bench,
	    .help = "measure a competitor by a suite",
	    .examples = { "janusctl run bench --competitor swift-owl --suite public/dev --wait",
		"janusctl run bench --competitor swift-owl --subset 10 --seed 7" } },
	{ .verb = "schedule",
	    .noun = "bench",
	    .args = "",
	    .options = CTL_OPT(CRON) | CTL_OPT(TZ) | CTL_OPT(COMPETITOR) | CTL_OPT(MISSED) |
		CTL_OPT(JITTER) | MEASURING | CTL_OPT(DRY_RUN),
	    .required = CTL_OPT(CRON) | CTL_OPT(COMPETITOR),
	    .run = ctl_schedule_bench,
	    .help = "measure a competitor, or all, again and again",
	    .examples = { "janusctl schedule bench --cron \"0 3 * * *\" --tz Europe/Prague "
			  "--competitor all",
		"janusctl schedule bench --cron @weekly --competitor swift-owl --missed skip" } },
	{ .verb = "wait",
	    .noun = "run",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .names = "run",
	    .run = ctl_wait_run,
	    .help = "follow a run to its end",
	    .examples = { "janusctl wait run run_01k9x2",
		"janusctl wait run swift-owl --timeout 1h" } },
	{ .verb = "cancel",
	    .noun = "run",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .names = "run",
	    .run = ctl_cancel,
	    .help = "end a run; what it measured is kept",
	    .examples = { "janusctl cancel run run_01k9x2", "janusctl cancel run swift-owl" } },
	{ .verb = "remove",
	    .noun = "schedule",
	    .args = "ID",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(YES) | CTL_OPT(DRY_RUN),
	    .names = "schedule",
	    .run = ctl_remove,
	    .help = "let a schedule make no more runs; those it made stay",
	    .examples = { "janusctl remove schedule sch_01k9x2",
		"janusctl remove schedule sch_01k9x2 --yes" } },
	LIST("competitor", "list competitors", "janusctl list competitors --filter state=ready"),
	LIST("submission", "list submissions", "janusctl list submissions --filter 'state!=ready'"),
	LIST("instance", "list instances", "janusctl list instances --sort -restarts"),
	LIST("version", "list versions", "janusctl list versions --filter competitor=swift-owl"),
	LIST("run", "list benchmark runs, newest first",
	    "janusctl list runs --filter state=running"),
	LIST("schedule", "list schedules, with their next time", "janusctl list schedules --utc"),
	LIST("suite", "list suites", "janusctl list suites --output wide"),
	{ .verb = "list",
	    .noun = "event",
	    .args = "",
	    .options = LISTING | CTL_OPT(FOLLOW),
	    .run = ctl_list_events,
	    .help = "list what was decided, newest first; -f: the last, and what comes",
	    .examples = { "janusctl list events --limit 10 --utc",
		"janusctl list events --limit 0 -o jsonl > events.jsonl" } },
	{ .verb = "verify",
	    .noun = "event",
	    .args = "[FILE|-]",
	    .max = 1,
	    .run = ctl_verify_events,
	    .help = "check that the record of what was decided is whole",
	    .examples = { "janusctl verify events", "janusctl verify events events.jsonl" } },
	{ .verb = "verify",
	    .noun = "bundle",
	    .args = "FILE|-",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(SIGNER),
	    .run = ctl_verify_bundle,
	    .help = "check that a signed bundle is whole, without a daemon",
	    .examples = { "janusctl verify bundle swift-owl.janus",
		"janusctl verify bundle - --signer ed25519:9f2c... < swift-owl.janus" } },
	{ .verb = "export",
	    .noun = "competitor",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .names = "competitor",
	    .run = ctl_export_competitor,
	    .help = "write a competitor, its image and its history as a signed bundle",
	    .examples = { "janusctl export competitor swift-owl > swift-owl.janus",
		"janusctl export competitor swift-owl | ssh other janusctl import competitor -" } },
	{ .verb = "import",
	    .noun = "competitor",
	    .args = "FILE|-",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(NAME) | CTL_OPT(SIGNER) | CTL_OPT(WAIT) | CTL_OPT(NO_HISTORY),
	    .run = ctl_import_competitor,
	    .help = "submit what was exported elsewhere, with all checks of a submission",
	    .examples = { "janusctl import competitor swift-owl.janus --wait",
		"janusctl import competitor swift-owl.janus --name owl-2" } },
	{ .verb = "list",
	    .noun = "arena",
	    .args = "",
	    .options = CTL_OPT(FILTER) | CTL_OPT(SORT) | CTL_OPT(LIMIT),
	    .run = ctl_list,
	    .help = "list the order that votes on blind battles make, best first",
	    .examples = { "janusctl list arena", "janusctl list arena --sort -wins -o csv" } },
	{ .verb = "list",
	    .noun = "egress",
	    .args = "",
	    .options = LISTING,
	    .run = ctl_list,
	    .help = "list what competitors called at the platform, newest first",
	    .examples = { "janusctl list egress --filter decision=denied",
		"janusctl list egress --filter request=req_01k9x2e7v3q8w4t5y6z7a8b9c0" } },
	LIST("request", "list chats that are over, newest first",
	    "janusctl list requests --filter 'code!=' --limit 20"),
	{ .verb = "show",
	    .noun = "competitor",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(HISTORY),
	    .names = "competitor",
	    .run = ctl_show_competitor,
	    .help = "show a competitor; --history: what it did, here and elsewhere",
	    .examples = { "janusctl show competitor swift-owl",
		"janusctl show competitor swift-owl --history" } },
	SHOW("submission", "show a submission, with its evidence",
	    "janusctl show submission swift-owl"),
	SHOW("instance", "show an instance", "janusctl show instance ins_01k9x2"),
	SHOW("version", "show a version", "janusctl show version ver_01k9x2"),
	SHOW("run", "show a benchmark run", "janusctl show run run_01k9x2"),
	SHOW("schedule", "show a schedule", "janusctl show schedule sch_01k9x2"),
	{ .verb = "show",
	    .noun = "request",
	    .args = "ID",
	    .min = 1,
	    .max = 1,
	    .names = "request",
	    .run = ctl_show,
	    .help = "show a chat, with its timeline",
	    .examples = { "janusctl show request req_01k9x2e7v3q8w4t5y6z7a8b9c0",
		"janusctl show request my-own-id-1 --output json" } },
	LIST("capture", "list recorded chats, newest first",
	    "janusctl list captures --filter competitor=swift-owl"),
	LIST("artifact", "list what answers announced and is kept, newest first",
	    "janusctl list artifacts --filter request=req_01k9x2e7v3q8w4t5y6z7a8b9c0"),
	{ .verb = "show",
	    .noun = "artifact",
	    .args = "ID",
	    .min = 1,
	    .max = 1,
	    .names = "artifact",
	    .run = ctl_show,
	    .help = "show an artifact",
	    .examples = { "janusctl show artifact artf_01k9x2e7v3q8w4t5y6z7a8b9c0",
		"janusctl show artifact artf_01k9x2e7v3q8w4t5y6z7a8b9c0 --output json" } },
	{ .verb = "export",
	    .noun = "artifact",
	    .args = "ID [FILE|-]",
	    .min = 1,
	    .max = 2,
	    .names = "artifact",
	    .run = ctl_export_artifact,
	    .help = "write an artifact's bytes to a new file or to standard output",
	    .examples = { "janusctl export artifact artf_01k9x2e7v3q8w4t5y6z7a8b9c0 plot.png",
		"janusctl export artifact artf_01k9x2e7v3q8w4t5y6z7a8b9c0 | sha256sum" } },
	{ .verb = "remove",
	    .noun = "artifact",
	    .args = "ID",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(YES),
	    .names = "artifact",
	    .run = ctl_remove,
	    .help = "remove an artifact before it expires",
	    .examples = { "janusctl remove artifact artf_01k9x2e7v3q8w4t5y6z7a8b9c0",
		"janusctl remove artifact artf_01k9x2e7v3q8w4t5y6z7a8b9c0 --yes" } },
	LIST("key", "list API keys", "janusctl list keys --filter state=active"),
	{ .verb = "list",
	    .noun = "usage",
	    .args = "",
	    .options =
		CTL_OPT(FILTER) | CTL_OPT(SORT) | CTL_OPT(LIMIT) | CTL_OPT(BY) | CTL_OPT(SINCE),
	    .run = ctl_list_usage,
	    .help = "list what was used since the month began",
	    .examples = { "janusctl list usage --by key --since 7d",
		"janusctl list usage --by day" } },
	SHOW("key", "show an API key, without its secret", "janusctl show key app"),
	{ .verb = "show",
	    .noun = "policy",
	    .args = "[COMPETITOR]",
	    .max = 1,
	    .names = "competitor",
	    .run = ctl_show_policy,
	    .help = "show what instances may have and when they run, and who said so",
	    .examples = { "janusctl show policy", "janusctl show policy swift-owl" } },
	{ .verb = "update",
	    .noun = "competitor",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(SET) | CTL_OPT(DRY_RUN),
	    .required = CTL_OPT(SET),
	    .names = "competitor",
	    .run = ctl_update_competitor,
	    .help = "say otherwise of one competitor than the settings say of all",
	    .examples = { "janusctl update competitor swift-owl --set activation=on-demand --set "
			  "idle=5m",
		"janusctl update competitor swift-owl --set memory=1GiB --set replicas=" } },
	STEER("start", 0, ctl_start, "start a competitor"),
	STEER("stop", 0, ctl_stop, "stop a competitor; open streams finish"),
	STEER("restart", 0, ctl_restart, "restart a competitor"),
	STEER("freeze", 0, ctl_freeze, "let a competitor that is not always there sleep now"),
	STEER("thaw", 0, ctl_thaw, "wake a competitor that sleeps"),
	{ .verb = "promote",
	    .noun = "competitor",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(TO) | CTL_OPT(SHARE),
	    .required = CTL_OPT(TO),
	    .names = "competitor",
	    .run = ctl_promote,
	    .help = "send chats to an accepted version: all of them, or a share",
	    .examples = { "janusctl promote competitor swift-owl --to ver_01k9x2 --share 10",
		"janusctl promote competitor swift-owl --to ver_01k9x2" } },
	STEER("rollback", CTL_OPT(TO) | CTL_OPT(DRY_RUN), ctl_rollback,
	    "go back to the version before"),
	{ .verb = "list",
	    .noun = "leaderboard",
	    .args = "",
	    .options = LISTING,
	    .run = ctl_list,
	    .help = "list who is how good, best first",
	    .examples = { "janusctl list leaderboard",
		"janusctl list leaderboard --filter suite=public/train --output wide" } },
	{ .verb = "show",
	    .noun = "champion",
	    .args = "",
	    .run = ctl_show_champion,
	    .help = "show who answers model janus, who is on trial, and why",
	    .examples = { "janusctl show champion", "janusctl show champion --output json" } },
	{ .verb = "promote",
	    .noun = "champion",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(DRY_RUN),
	    .names = "competitor",
	    .run = ctl_promote_champion,
	    .help = "make a competitor the champion now, whatever its score",
	    .examples = { "janusctl promote champion swift-owl",
		"janusctl promote champion swift-owl --dry-run" } },
	{ .verb = "rollback",
	    .noun = "champion",
	    .args = "",
	    .options = CTL_OPT(DRY_RUN),
	    .run = ctl_rollback_champion,
	    .help = "end the trial of the next champion, or go back to the one before",
	    .examples = { "janusctl rollback champion", "janusctl rollback champion --dry-run" } },
	{ .verb = "retire",
	    .noun = "version",
	    .args = "VERSION",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(YES) | CTL_OPT(DRY_RUN),
	    .names = "version",
	    .run = ctl_retire,
	    .help = "never let a version serve again; what still runs of it drains and stops",
	    .examples = { "janusctl retire version ver_01k9x2",
		"janusctl retire ver_01k9x2 --yes" } },
	{ .verb = "create",
	    .noun = "key",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(KIND) | CTL_OPT(SCOPES) | CTL_OPT(EXPIRES) |
		CTL_OPT(REQUESTS_PER_MINUTE) | CTL_OPT(CONCURRENCY) | CTL_OPT(TOKENS_PER_MINUTE) |
		CTL_OPT(USD_PER_DAY) | CTL_OPT(USD_PER_MONTH) | CTL_OPT(DRY_RUN),
	    .run = ctl_create_key,
	    .help = "make an API key; its secret is shown once",
	    .examples = { "janusctl create key app --requests-per-minute 60 --usd-per-day 5",
		"janusctl create key ci --kind mn --expires 90d -q > key" } },
	{ .verb = "update",
	    .noun = "key",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(RENAME) | CTL_OPT(SCOPES) | CTL_OPT(EXPIRES) |
		CTL_OPT(REQUESTS_PER_MINUTE) | CTL_OPT(CONCURRENCY) | CTL_OPT(TOKENS_PER_MINUTE) |
		CTL_OPT(USD_PER_DAY) | CTL_OPT(USD_PER_MONTH) | CTL_OPT(ROTATE) | CTL_OPT(GRACE) |
		CTL_OPT(DRY_RUN),
	    .names = "key",
	    .run = ctl_update_key,
	    .help = "change an API key, or give it a new secret",
	    .examples = { "janusctl update key app --usd-per-day 10 --concurrency 0",
		"janusctl update key app --rotate --grace 0s" } },
	{ .verb = "remove",
	    .noun = "competitor",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(YES) | CTL_OPT(DRY_RUN),
	    .names = "competitor",
	    .run = ctl_remove,
	    .help = "stop a competitor and forget it; its history stays",
	    .examples = { "janusctl remove competitor swift-owl",
		"janusctl remove competitor swift-owl --yes" } },
	{ .verb = "remove",
	    .noun = "key",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(YES) | CTL_OPT(DRY_RUN),
	    .names = "key",
	    .run = ctl_remove,
	    .help = "revoke an API key; its streams end at once",
	    .examples = { "janusctl remove key app", "janusctl remove key app --yes" } },
	{ .verb = "create",
	    .noun = "context",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .run = ctl_create_context,
	    .help = "give a daemon at --url, and the key file for it, a name",
	    .examples = { "janusctl create context prod --url https://janus.example",
		"janusctl create context dev --url unix:///run/user/1000/janus/janusd.sock" } },
	{ .verb = "list",
	    .noun = "context",
	    .args = "",
	    .run = ctl_list_contexts,
	    .help = "list contexts",
	    .examples = { "janusctl list contexts", "janusctl list contexts -q" } },
	{ .verb = "show",
	    .noun = "context",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .run = ctl_show_context,
	    .help = "show a context",
	    .examples = { "janusctl show context prod",
		"janusctl show context prod --output json" } },
	{ .verb = "remove",
	    .noun = "context",
	    .args = "NAME",
	    .min = 1,
	    .max = 1,
	    .run = ctl_remove_context,
	    .help = "forget a context, and the key that login kept for it",
	    .examples = { "janusctl remove context dev", "janusctl remove context prod --quiet" } },
	{ .verb = "login",
	    .args = "",
	    .run = ctl_login,
	    .help = "keep an API key for a context, in a file of its own",
	    .examples = { "janusctl login -C prod",
		"janusctl login -C prod --api-key-file - < key" } },
	{ .verb = "remove",
	    .noun = "capture",
	    .args = "ID",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(YES),
	    .names = "capture",
	    .run = ctl_remove,
	    .help = "remove a recorded chat",
	    .examples = { "janusctl remove capture cap_01k9x2",
		"janusctl remove capture cap_01k9x2 --yes" } },
	{ .verb = "replay",
	    .args = "REQUEST",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(SPEED) | CTL_OPT(FRAMES),
	    .names = "request",
	    .run = ctl_replay,
	    .help = "play a recorded chat again, in its own time",
	    .examples = { "janusctl replay req_01k9x2e7v3q8w4t5y6z7a8b9c0 --speed 2",
		"janusctl replay my-own-id-1 --frames" } },
	{ .verb = "ps",
	    .args = "",
	    .options = LISTING,
	    .run = ctl_ps,
	    .help = "list instances",
	    .examples = { "janusctl ps", "janusctl ps --filter state=ready -q" } },
	{ .verb = "logs",
	    .args = "[NAME]",
	    .max = 1,
	    .options = CTL_OPT(FOLLOW) | CTL_OPT(TAIL) | CTL_OPT(REQUEST),
	    .names = "competitor",
	    .run = ctl_logs,
	    .help = "show what a competitor, an instance or the worker of a run wrote",
	    .examples = { "janusctl logs swift-owl -n 50",
		"janusctl logs --request req_01k9x2e7v3q8w4t5y6z7a8b9c0" } },
	{ .verb = "top",
	    .args = "",
	    .run = ctl_top,
	    .help = "show what the competitors do now",
	    .examples = { "janusctl top", "janusctl top --output json" } },
	{ .verb = "chat",
	    .args = "TEXT|-",
	    .min = 1,
	    .max = 1,
	    .options = CTL_OPT(MODEL) | CTL_OPT(NO_STREAM),
	    .run = ctl_chat,
	    .help = "ask a question and print the answer",
	    .examples = { "janusctl chat \"why is the sky blue?\"",
		"janusctl chat --model janus/swift-owl - < question.txt" } },
	{ .verb = "status",
	    .args = "",
	    .run = ctl_status,
	    .help = "show how the daemon is",
	    .examples = { "janusctl status", "janusctl status --output json" } },
	{ .verb = "doctor",
	    .args = "",
	    .run = ctl_doctor,
	    .help = "check the machine and say what to do about it",
	    .examples = { "janusctl doctor", "janusctl doctor --output json" } },
	{ .verb = "health",
	    .args = "",
	    .run = ctl_health,
	    .help = "succeed if the daemon is healthy, for container health checks",
	    .examples = { "janusctl health", "janusctl health --quiet --timeout 2s" } },
	{ .verb = "version",
	    .args = "",
	    .run = ctl_version,
	    .help = "show the versions of janusctl and the daemon",
	    .examples = { "janusctl version", "janusctl version --output json" } },
	{ .verb = "completion",
	    .args = "bash|zsh|fish",
	    .min = 1,
	    .max = 1,
	    .run = ctl_completion,
	    .help = "print a completion script for a shell",
	    .examples = { "source <(janusctl completion bash)",
		"janusctl completion fish > ~/.config/fish/completions/janusctl.fish" } },
	{ .verb = "help",
	    .args = "[VERB [NOUN]]",
	    .max = 2,
	    .options = CTL_OPT(ALL),
	    .run = ctl_help,
	    .help = "show help",
	    .examples = { "janusctl help submit image", "janusctl help --all" } },
	/* what the completion scripts call; help NULL keeps it out of sight */
	{ .verb = "__complete", .args = "WORD...", .max = OPTIONS_MAX_WORDS, .run = ctl_complete },
};
const size_t ctl_commands_len = ARRAY_LEN(ctl_commands);

bool
ctl_verb_exists(const char *verb)
{
	for (size_t i = 0; i < ctl_commands_len; i++)
		if (str_eq(ctl_commands[i].verb, verb))
			return true;
	return false;
}

uint64_t
ctl_verb_options(const char *verb)
{
	uint64_t options = CTL_GLOBAL;

	for (size_t i = 0; i < ctl_commands_len; i++)
		if (str_eq(ctl_commands[i].verb, verb))
			options |= ctl_commands[i].options;
	return options;
}

bool
ctl_noun_is(const struct ctl_command *c, const char *word)
{
	const size_t len = c->noun == NULL ? 0 : strlen(c->noun);

	return len > 0 && strncmp(word, c->noun, len) == 0 &&
	    (word[len] == '\0' || str_eq(word + len, "s"));
}

bool
ctl_noun_is_many(const char *noun)
{
	return str_eq(noun, "usage") || str_eq(noun, "egress") || str_eq(noun, "leaderboard") ||
	    str_eq(noun, "arena");
}

const char *
ctl_noun_shown(const struct ctl_command *c, char buf[32])
{
	snprintf(buf, 32, "%s%s", c->noun == NULL ? "" : c->noun,
	    (str_eq(c->verb, "list") && !ctl_noun_is_many(c->noun)) ||
		    (str_eq(c->verb, "verify") && c->min == 0) /* all of them */
		? "s"
		: "");
	return buf;
}

const struct ctl_command *
ctl_command_find(const char *verb, const char *noun)
{
	for (size_t i = 0; i < ctl_commands_len; i++) {
		const struct ctl_command *c = &ctl_commands[i];

		if (str_eq(c->verb, verb) &&
		    (noun == NULL ? c->noun == NULL : ctl_noun_is(c, noun)))
			return c;
	}
	return NULL;
}

void
ctl_command_usage(struct buf *out, const struct ctl_command *c)
{
	char noun[32];

	buf_printf(out, "janusctl %s", c->verb);
	if (c->noun != NULL)
		buf_printf(out, " %s", ctl_noun_shown(c, noun));
	if (c->args[0] != '\0')
		buf_printf(out, " %s", c->args);
	for (size_t i = 0; i < ctl_option_table.len; i++) {
		const struct option *o = &ctl_option_table.at[i];
		const bool required = (c->required >> i & 1) != 0;

		if ((c->options >> i & 1) == 0)
			continue;
		buf_printf(out, required ? " --%s" : " [--%s", o->name);
		if (o->arg != NULL)
			buf_printf(out, " %s", o->arg);
		if (!required)
			buf_add_char(out, ']');
	}
}
