/*
 * commands.h - the one table of verbs and nouns: parsing, help and completion read it.
 */
#ifndef JANUS_CTL_COMMANDS_H
#define JANUS_CTL_COMMANDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
struct buf;
struct ctl;

typedef int ctl_verb_fn(struct ctl *); /* returns an exit code */

struct ctl_command {
	const char *verb;
	const char *noun; /* singular; NULL for the shortcuts */
	const char *args; /* as help shows them; "" if none */
	size_t min, max; /* words after verb and noun */
	uint64_t options; /* beside the global ones */
	uint64_t required; /* of them */
	const char *names; /* noun whose names complete the first word, or NULL */
	ctl_verb_fn *run;
	const char *help;
	const char *examples[2];
};
extern const struct ctl_command ctl_commands[];
extern const size_t ctl_commands_len;

/** ctl_verb_exists - is it in the table? */
bool ctl_verb_exists(const char *verb);
/** ctl_verb_options - what any of its nouns takes. */
uint64_t ctl_verb_options(const char *verb);
/** ctl_noun_is - is word this command's noun, singular or plural? */
bool ctl_noun_is(const struct ctl_command *, const char *word);
/** ctl_noun_is_many - is it a word without a plural of its own, such as egress? */
bool ctl_noun_is_many(const char *noun);
/** ctl_noun_shown - "competitors" for list, "competitor" otherwise; "" for shortcuts. Borrowed. */
const char *ctl_noun_shown(const struct ctl_command *, char buf[32]);
/** ctl_command_find - the row of verb and noun; without a noun the row of a shortcut. NULL if none. */
const struct ctl_command *ctl_command_find(const char *verb, const char *noun);
/** ctl_command_usage - append "janusctl submit image REF --name SLUG [--wait]". */
void ctl_command_usage(struct buf *, const struct ctl_command *);

ctl_verb_fn ctl_submit_image, ctl_submit_url, ctl_submit_bundle, ctl_verify_bundle,
    ctl_export_competitor, ctl_import_competitor, ctl_wait_submission;
ctl_verb_fn ctl_submit_component, ctl_approve, ctl_reject, ctl_deprecate;
ctl_verb_fn ctl_show_champion, ctl_promote_champion, ctl_rollback_champion;
ctl_verb_fn ctl_run_bench, ctl_schedule_bench, ctl_wait_run;
ctl_verb_fn ctl_show_champion, ctl_promote_champion, ctl_rollback_champion;
ctl_verb_fn ctl_promote, ctl_freeze, ctl_thaw;
ctl_verb_fn ctl_show_policy, ctl_show_competitor, ctl_update_competitor;
ctl_verb_fn ctl_create_backup, ctl_check_backup, ctl_restore_backup, ctl_check_db;
ctl_verb_fn ctl_conform, ctl_top, ctl_list_events, ctl_verify_events, ctl_replay;
ctl_verb_fn ctl_export_artifact;
ctl_verb_fn ctl_create_key, ctl_update_key, ctl_list_usage;
ctl_verb_fn ctl_create_context, ctl_list_contexts, ctl_show_context, ctl_remove_context, ctl_login;
ctl_verb_fn ctl_list, ctl_ps, ctl_show, ctl_logs, ctl_chat;
ctl_verb_fn ctl_start, ctl_stop, ctl_restart, ctl_remove, ctl_rollback, ctl_retire, ctl_cancel;
ctl_verb_fn ctl_support_bundle, ctl_show_config, ctl_check_config;
ctl_verb_fn ctl_status, ctl_health, ctl_version, ctl_doctor, ctl_help, ctl_completion, ctl_complete;
#endif
