/* What the board shows, by the names of docs/openapi.json. */
import type { Api, List } from "@/lib/api";

export type Entry = Api<"LeaderboardEntry">;
export type Leaderboard = Api<"Leaderboard">;
export type Run = Api<"Run">;
export type Suite = Api<"Suite">;
export type Champion = Api<"Champion">;
export type Reign = Api<"Reign">;
export type Proof = Api<"Proof">;
export type Standings = Api<"ArenaLeaderboard">;
export type Frames = Api<"RunFrames">;
export type Frame = Api<"RunFrame">;
export type Interval = Api<"ScoreInterval">;
export type { List };

export const DIMENSIONS = ["quality", "speed", "cost", "streaming", "modality"] as const;
export type Dimension = (typeof DIMENSIONS)[number];
export type Weights = Record<Dimension, number>;

export const NAMES: Record<Dimension | "composite", string> = {
  composite: "Score",
  quality: "Quality",
  speed: "Speed",
  cost: "Cost",
  streaming: "Streaming",
  modality: "Modality",
};

/** A line of a run's items.jsonl (docs/evidence.md), as far as it is shown; workers may leave members out. */
export interface Item {
  id: string;
  item: string;
  epoch: number;
  attempt: number;
  state: string;
  task_type: string;
  weight: number;
  fault: string | null;
  code: string | null;
  error: string | null;
  why: string | null;
  answer: string | null;
  cost_from: string | null;
  started_at: string | null;
  metered_cost_usd: number | null;
  scores: Partial<Record<Dimension, number | null>>;
  checks: { check: string; ok: boolean; weight: number; seen: string }[];
  measured: Record<string, unknown>;
  files: { name: string; mime_type: string; size_bytes: number; sha256: string }[];
  executions: { case: string; exit: number | null; ms: number | null; timed_out: boolean; stdout: string; stderr: string }[];
}

type Loose = Record<string, unknown>;
const object = (value: unknown): Loose => (value !== null && typeof value === "object" ? (value as Loose) : {});
const list = (value: unknown): Loose[] => (Array.isArray(value) ? value.map(object) : []);
const text = (value: unknown): string => (typeof value === "string" ? value : value === null || value === undefined ? "" : JSON.stringify(value));
const maybe = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);
const num = (value: unknown, otherwise: number): number => (typeof value === "number" && Number.isFinite(value) ? value : otherwise);
const some = (value: unknown): number | null => (typeof value === "number" && Number.isFinite(value) ? value : null);

/** What a worker wrote is not ours: read member by member. */
export function itemOf(line: Api<"RunItem">): Item {
  const l = line as Loose;
  const scores = object(l.scores);
  return {
    id: text(l.id),
    item: text(l.item),
    epoch: num(l.epoch, 0),
    attempt: num(l.attempt, 1),
    state: text(l.state),
    task_type: maybe(l.task_type) ?? "other",
    weight: num(l.weight, 1),
    fault: maybe(l.fault),
    code: maybe(l.code),
    error: maybe(l.error),
    why: maybe(l.why),
    answer: maybe(l.answer),
    cost_from: maybe(l.cost_from),
    started_at: maybe(l.started_at),
    metered_cost_usd: some(l.metered_cost_usd),
    scores: Object.fromEntries(DIMENSIONS.map((d) => [d, some(scores[d])])),
    checks: list(l.checks).map((c) => ({ check: text(c.check), ok: c.ok === true, weight: num(c.weight, 1), seen: text(c.seen) })),
    measured: object(l.measured),
    files: list(l.files).map((f) => ({
      name: text(f.name),
      mime_type: text(f.mime_type),
      size_bytes: num(f.size_bytes, 0),
      sha256: text(f.sha256),
    })),
    executions: list(l.executions).map((x) => ({
      case: text(x.case),
      exit: some(x.exit),
      ms: some(x.ms),
      timed_out: x.timed_out === true,
      stdout: text(x.stdout),
      stderr: text(x.stderr),
    })),
  };
}

/** A run's scores, as they are in its report; null where it has none. */
export function scoreOf(scores: Run["scores"], of: Dimension | "composite"): Interval | null {
  const s = object(object(scores)[of]);
  const value = some(s.value);
  return value === null ? null : { value, low: num(s.low, value), high: num(s.high, value) };
}
