/* Two runs, item by item. */
import { composite } from "@/board/rank";
import { DIMENSIONS, type Dimension, type Item, type Weights } from "@/board/types";

const counts = (item: Item) => item.state === "passed" || item.state === "failed";

export interface Side {
  passed: number;
  epochs: number;
  /** mean of its epochs by the weights; null where it has none that counts */
  score: number | null;
  why: string | null;
  id: string;
}
export interface Pair {
  item: string;
  task_type: string;
  a: Side | null;
  b: Side | null;
  /** a - b; null where one of them has none */
  delta: number | null;
}

/** Of each item and epoch the last attempt that counts. */
function sides(items: readonly Item[], weights: Weights): Map<string, { task: string; side: Side }> {
  const last = new Map<string, Item>();
  for (const item of items) if (counts(item)) last.set(`${item.item}\n${item.epoch}`, item);
  const grouped = new Map<string, Item[]>();
  for (const item of last.values()) grouped.set(item.item, [...(grouped.get(item.item) ?? []), item]);
  return new Map(
    [...grouped].map(([name, epochs]) => {
      const mean = (d: Dimension): number | null => {
        const there = epochs.flatMap((e) => (typeof e.scores[d] === "number" ? [e.scores[d]] : []));
        return there.length === 0 ? null : there.reduce((sum, v) => sum + v, 0) / there.length;
      };
      const side: Side = {
        passed: epochs.filter((e) => e.state === "passed").length,
        epochs: epochs.length,
        score: composite(Object.fromEntries(DIMENSIONS.map((d) => [d, mean(d)])), weights),
        why: epochs.find((e) => e.why !== null)?.why ?? null,
        id: epochs.at(-1)?.id ?? "",
      };
      return [name, { task: epochs[0]?.task_type ?? "other", side }];
    }),
  );
}

/** The items of both, those that differ most first. */
export function pairs(a: readonly Item[], b: readonly Item[], weights: Weights): Pair[] {
  const of_a = sides(a, weights);
  const of_b = sides(b, weights);
  const names = new Set([...of_a.keys(), ...of_b.keys()]);
  const out = [...names].map((item): Pair => {
    const x = of_a.get(item);
    const y = of_b.get(item);
    const score_a = x?.side.score ?? null;
    const score_b = y?.side.score ?? null;
    return {
      item,
      task_type: x?.task ?? y?.task ?? "other",
      a: x?.side ?? null,
      b: y?.side ?? null,
      delta: score_a === null || score_b === null ? null : score_a - score_b,
    };
  });
  return out.sort((x, y) => Math.abs(y.delta ?? 0) - Math.abs(x.delta ?? 0) || x.item.localeCompare(y.item));
}
