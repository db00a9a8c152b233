/*
 * What is known of a submission that is followed: its newest state, when it came into each, and how
 * we hear of it.  A pure reducer; useStory.ts feeds it.
 */
import type { Api } from "@/lib/api";
import { ApiError } from "@/lib/errors";

export type Submission = Api<"Submission">;
export type State = Submission["state"];

export interface Finding {
  check: string;
  verdict: "pass" | "warn" | "fail" | "skip";
  expected: string;
  seen: string;
  docs: string;
  /** what came over the wire, of one that did not pass */
  wire?: { status?: number; content_type?: string | null; body?: string | null; error?: string | null };
}
/** What a submission's evidence may hold (docs/api.md). */
export interface Evidence {
  exit_code?: number;
  out_of_memory?: boolean;
  explained?: string;
  start_error?: string;
  listening?: string;
  health?: { status: number; body?: string | null; error?: string | null };
  contract?: string[];
  logs?: string[];
  tag_moved?: string;
  conformance?: Finding[];
}

export interface Story {
  submission: Submission | null;
  /** when it came into a state */
  entered: Partial<Record<State, string>>;
  link: "opening" | "live" | "lost" | "over";
  /** why there is nothing more to hear: no such submission, no right to it */
  error: unknown;
}
type News =
  | { type: "seen"; submission: Submission }
  | { type: "past"; events: Api<"Event">[] }
  | { type: "lost" }
  | { type: "refused"; error: unknown }
  | { type: "anew" };

export const untold: Story = { submission: null, entered: {}, link: "opening", error: null };

const FINAL: ReadonlySet<State> = new Set(["ready", "rejected", "failed", "cancelled", "retired"]);
export const isFinal = (state: State): boolean => FINAL.has(state);

export function tell(story: Story, news: News): Story {
  switch (news.type) {
    case "seen": {
      const { submission } = news;
      const before = story.submission;
      if (before !== null && before.updated_at > submission.updated_at && isFinal(before.state)) return story;
      return {
        submission,
        entered: {
          received: submission.created_at,
          ...story.entered,
          [submission.state]: submission.state_since ?? submission.updated_at,
        },
        link: isFinal(submission.state) ? "over" : "live",
        error: null,
      };
    }
    case "past": {
      const entered: Story["entered"] = {};
      for (const { action, after, at } of news.events)
        if (action === "submission.state" && after !== null) entered[after as State] = at;
      return { ...story, entered: { ...entered, ...story.entered } };
    }
    case "lost":
      return story.link === "over" ? story : { ...story, link: "lost" };
    case "refused":
      return { ...story, link: "over", error: news.error };
    case "anew":
      return untold;
  }
}

/** Is it of no use to ask again?  A gateway that is away may come back; a refusal stays one. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof ApiError && [400, 401, 403, 404].includes(error.status);

export interface Step {
  state: State;
  status: "done" | "now" | "broke" | "passed-over" | "to-come";
  at: string | null;
  /** how long it took, null while it lasts or where it is not known */
  ms: number | null;
}

const PATHS: Record<Submission["kind"], State[]> = {
  image: ["received", "resolving", "pulling", "scanning", "starting", "conforming"],
  bundle: ["received", "importing", "scanning", "starting", "conforming"],
  url: ["received", "starting", "conforming"],
};
const at = (iso: string): number => Date.parse(iso);

/** The way of a submission as a list, each part with how it went. */
export function stepsOf({ submission, entered }: Story): Step[] {
  if (submission === null) return [];
  const { state } = submission;
  const path = [...PATHS[submission.kind], submission.check_only ? ("retired" as const) : ("ready" as const)];
  const times = Object.entries(entered) as [State, string][];
  const last = isFinal(state)
    ? times.filter(([each]) => !isFinal(each)).toSorted((a, b) => path.indexOf(b[0]) - path.indexOf(a[0]))[0]?.[0]
    : state;
  const reached = path.includes(state) ? path.indexOf(state) : Math.max(0, path.indexOf(last ?? "received"));
  const arrived = state === "ready" || state === "retired";
  return path.map((each, i) => {
    const since = entered[each] ?? null;
    const later = since === null ? [] : times.map(([, time]) => at(time)).filter((time) => time > at(since));
    const isHere = i === reached && !arrived;
    return {
      state: each,
      at: since,
      ms: since === null || later.length === 0 || each === "ready" || each === "retired" ? null : Math.min(...later) - at(since),
      status: isHere ? (isFinal(state) ? "broke" : "now") : i > reached ? "to-come" : since === null ? "passed-over" : "done",
    };
  });
}

export const evidenceOf = (submission: Submission): Evidence => (submission.evidence ?? {}) as Evidence;
