/*
 * What can be done to a competitor and its versions, each as janusctl does it: the call, what it does
 * in words, and the command.
 */
import type { Api } from "@/lib/api";
import { number } from "@/lib/format";
import type { Change } from "@/pages/ops/changes";
import type { Act } from "@/pages/ops/ActionDialog";

export type Competitor = Api<"Competitor">;
export type Version = Api<"Version">;
export type Verb = "start" | "stop" | "restart" | "freeze" | "thaw" | "promote" | "rollback" | "remove";

const TOUCHES = ["/api/v1/competitors", "/api/v1/instances", "/api/v1/versions", "/api/v1/top", "/api/v1/status", "/api/v1/champion", "/api/v1/events"];
const path = (c: Competitor) => `/api/v1/competitors/${c.id}`;

const says: Record<Verb, { label: string; explain: (c: Competitor) => string; done: (name: string) => string }> = {
  start: {
    label: "Start",
    explain: (c) => `It is ${c.wanted === "running" ? "wanted already" : "stopped"} now. It will be wanted: its instances start, and it answers chats when they are ready.`,
    done: (name) => `${name} is to run.`,
  },
  stop: {
    label: "Stop",
    explain: (c) =>
      `It is ${c.state} with ${number(c.instances)} ${c.instances === 1 ? "instance" : "instances"}. Its open streams finish first; then it answers nobody until it is started${c.is_default ? ", and the model janus means another" : ""}.`,
    done: (name) => `${name} is to stop; its open streams finish first.`,
  },
  restart: {
    label: "Restart",
    explain: (c) => `It is ${c.state}. Its instances start anew, of the same version.`,
    done: (name) => `${name} is to start anew.`,
  },
  freeze: {
    label: "Freeze",
    explain: () => "It goes to sleep when no chat runs. The next chat wakes it. Only one that is not always there can sleep: its policy's activation says so.",
    done: (name) => `${name} goes to sleep when no chat runs.`,
  },
  thaw: { label: "Thaw", explain: () => "It is woken, if it sleeps.", done: (name) => `${name} is woken.` },
  promote: {
    label: "Promote",
    explain: () => "An accepted version answers its chats: all of them, or a share.",
    done: (name) => `${name} sends chats to that version.`,
  },
  rollback: {
    label: "Roll back",
    explain: () => "It goes back to the version before, or to the one that is named. A trial of a share ends.",
    done: (name) => `${name} goes back to an earlier version.`,
  },
  remove: {
    label: "Remove",
    explain: () => "It is stopped and forgotten, and its name is free again. Its history stays. This cannot be taken back.",
    done: (name) => `${name} is stopped and forgotten; its history stays.`,
  },
};
export const labelOf = (verb: Verb): string => says[verb].label;

/** What is otherwise then; what a restart or a roll back to "the one before" brings, the words say. */
function wouldBe(verb: Verb, c: Competitor, version: string, share: number | null): Change[] {
  const then = verb === "start" ? "running" : "stopped";
  if (verb === "start" || verb === "stop") return c.wanted === then ? [] : [{ what: "wanted", from: c.wanted, to: then }];
  if (verb === "remove") return [{ what: "competitor", from: c.name, to: "forgotten" }];
  if (version === "") return [];
  return share === null || share === 100
    ? [{ what: "version", from: c.version_id ?? "none", to: version }]
    : [{ what: `share of ${version}`, from: `${c.candidate_id === version ? (c.candidate_percent ?? 0) : 0} %`, to: `${share} %` }];
}

/** version and share are for promote, version for rollback; "" and null: not said. */
export function steer(verb: Verb, c: Competitor, { version = "", share = null }: { version?: string; share?: number | null } = {}): Act {
  const { label, explain, done } = says[verb];
  const body =
    verb === "promote"
      ? { version, ...(share === null ? {} : { share }) }
      : verb === "rollback" && version !== ""
        ? { version }
        : undefined;
  const to = version === "" ? (verb === "promote" ? " --to VERSION" : "") : ` --to ${version}`;
  return {
    title: `${label} ${c.name}`,
    button: label,
    method: verb === "remove" ? "DELETE" : "POST",
    path: verb === "remove" ? path(c) : `${path(c)}/${verb}`,
    body,
    explain: explain(c),
    object: path(c),
    would: wouldBe(verb, c, version, share),
    confirm: verb === "remove" ? c.name : undefined,
    danger: verb === "remove" || verb === "stop",
    command: `janusctl ${verb} competitor ${c.name}${to}${verb === "promote" && share !== null ? ` --share ${share}` : ""}`,
    touches: verb === "remove" ? TOUCHES : [...TOUCHES, `${path(c)}/policy`],
    done: done(c.name),
  };
}

export const retire = (v: Version): Act => ({
  title: "Retire a version",
  button: "Retire",
  method: "POST",
  path: `/api/v1/versions/${v.id}/retire`,
  explain: `${v.id} of ${v.competitor ?? "a competitor that is gone"} never serves again; what still runs of it drains and stops. This cannot be taken back.`,
  object: `/api/v1/versions/${v.id}`,
  confirm: v.id,
  danger: true,
  command: `janusctl retire version ${v.id}`,
  touches: TOUCHES,
  done: "It is retired; what still ran of it drains and stops.",
});

export const cancelSubmission = (s: Api<"Submission">): Act => ({
  title: `Cancel the submission of ${s.name}`,
  button: "Cancel it",
  method: "POST",
  path: `/api/v1/submissions/${s.id}/cancel`,
  explain: `It is ${s.state}${s.state_detail ? ` (${s.state_detail})` : ""}. Nobody works on it any more; what serves already stays.`,
  trial: false,
  danger: true,
  command: `janusctl cancel submission ${s.id}`,
  touches: ["/api/v1/submissions", "/api/v1/events"],
  done: "It is cancelled.",
});

export const championAct = (verb: "promote" | "rollback", competitor: string, reason: string): Act => ({
  title: verb === "promote" ? "Make another the champion" : "Roll the champion back",
  button: verb === "promote" ? "Make it the champion" : "Roll back",
  method: "POST",
  path: `/api/v1/champion/${verb}`,
  body: { ...(verb === "promote" ? { competitor } : {}), ...(reason === "" ? {} : { reason }) },
  explain:
    verb === "promote"
      ? "It answers the model janus at once, whatever its score. The rule goes on from there."
      : "A trial ends, or the champion before answers the model janus again.",
  object: "/api/v1/champion",
  danger: true,
  command: `janusctl ${verb} champion${verb === "promote" ? ` ${competitor || "NAME"}` : ""}`,
  touches: ["/api/v1/champion", "/api/v1/leaderboard", "/api/v1/status", "/api/v1/events"],
  done: "Who answers the model janus has changed.",
});
