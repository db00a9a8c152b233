import { type Entry, itemOf } from "@/board/types";

export const entry = (competitor: string, parts: [number, number, number, number, number | null], more: Partial<Entry> = {}): Entry => {
  const at = (value: number) => ({ value, low: value - 2, high: value + 2 });
  const [quality, speed, cost, streaming, modality] = parts;
  return {
    id: `cpt_${competitor}`,
    object: "leaderboard_entry",
    competitor,
    suite: "public/dev",
    rank: { low: 1, high: 1, range: "1" },
    state: "ready",
    is_champion: false,
    is_canary: false,
    is_fast: false,
    is_cheap: false,
    scores: {
      composite: at(50),
      quality: at(quality),
      speed: at(speed),
      cost: at(cost),
      streaming: at(streaming),
      modality: modality === null ? null : at(modality),
    },
    arena: null,
    cost_from: "metered",
    version_id: "ver_1",
    digest: "sha256:ab",
    runs: ["run_1"],
    attempts: 10,
    passed: 8,
    failures: 1,
    excluded: 1,
    evidence: "/api/v1/runs/run_1/evidence.tar.gz",
    submitted_at: "2026-11-01T00:00:00.000Z",
    scored_at: "2026-11-02T00:00:00.000Z",
    history: [],
    ...more,
  };
};

export const item = (name: string, state: "passed" | "failed" | "error", quality: number, more: Record<string, unknown> = {}) =>
  itemOf({ object: "item", id: `itm_${name}`, item: name, epoch: 0, state, scores: { quality }, ...more });
