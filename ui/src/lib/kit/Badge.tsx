import type { ReactNode } from "react";

export type Tone = "good" | "busy" | "bad" | "warn" | "info" | "plain" | "special";

const tones: Record<Tone, string> = {
  good: "bg-moss/15 text-moss-strong",
  busy: "bg-info/15 text-info-ink",
  bad: "bg-danger/15 text-danger-ink",
  warn: "bg-mango/15 text-mango-ink",
  info: "bg-info/15 text-info-ink",
  special: "bg-mountain/20 text-mountain-ink",
  plain: "bg-raised text-ink-2",
};

export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-xs font-semibold ${tones[tone]}`}>
      {children}
    </span>
  );
}

/* The states of submissions, competitors, instances, runs and streams (docs/api.md). */
const states: Record<string, Tone> = {
  ready: "good",
  finished: "good",
  passed: "good",
  done: "good",
  active: "good",
  reigning: "good",
  published: "good",
  received: "busy",
  resolving: "busy",
  pulling: "busy",
  importing: "busy",
  scanning: "busy",
  starting: "busy",
  conforming: "busy",
  running: "busy",
  queued: "busy",
  draining: "busy",
  canary: "busy",
  asleep: "info",
  frozen: "info",
  not_ready: "warn",
  backoff: "warn",
  cancelled: "warn",
  skipped: "warn",
  rejected: "bad",
  failed: "bad",
  error: "bad",
  broken: "bad",
  revoked: "bad",
  refused: "bad",
  rolled_back: "warn",
};

/** A state as a word with its colour; unknown ones are plain. */
export function StateBadge({ state }: { state: string }) {
  return <Badge tone={states[state] ?? "plain"}>{state.replaceAll("_", " ")}</Badge>;
}
