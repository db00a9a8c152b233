/*
 * Rates and percentiles from the counters of /api/v1/top, the way janusctl top derives them: two
 * snapshots, their difference over the difference of at_ms.
 */
import type { Api } from "@/lib/api";

export type Top = Api<"Top">;
type Row = Top["data"][number];

export interface Rates {
  id: string;
  name: string;
  state: string;
  inFlight: number;
  /** per second; null while there is one snapshot only */
  requests: number | null;
  errors: number | null;
  tokens: number | null;
  ttftP50: number | null;
  ttftP95: number | null;
  longestGap: number | null;
  /** since janusd started */
  allRequests: number;
  allErrors: number;
  failovers: number;
}

/** The q-quantile of a histogram; beyond the last bound it is at least that. Null without a value. */
export function percentile(bounds: readonly number[], counts: readonly number[], q: number): number | null {
  const all = counts.reduce((sum, n) => sum + n, 0);
  if (all <= 0) return null;
  let below = 0;
  for (const [at, bound] of bounds.entries()) {
    const n = counts[at] ?? 0;
    const from = at === 0 ? 0 : (bounds[at - 1] ?? 0);
    if (n > 0 && below + n >= q * all) return from + ((bound - from) * (q * all - below)) / n;
    below += n;
  }
  return bounds.at(-1) ?? null;
}

/** How much a counter grew; a janusd that was started anew counts from zero again. */
export const grown = (was: number, is: number): number => (is >= was ? is - was : is);

function quantiles(before: Row | undefined, now: Row): [number | null, number | null] {
  const { le_ms, counts } = now.ttft;
  const old = before?.ttft.le_ms.length === le_ms.length ? before.ttft.counts : [];
  const news = counts.map((n, at) => grown(old[at] ?? 0, n));
  const of = news.some((n) => n > 0) ? news : counts;
  return [percentile(le_ms, of, 0.5), percentile(le_ms, of, 0.95)];
}

/** A row for each competitor there is now. */
export function rates(before: Top | null, now: Top): Rates[] {
  const seconds = before === null ? 0 : (now.at_ms - before.at_ms) / 1000;
  return now.data.map((row) => {
    const was = before?.data.find(({ name }) => name === row.name);
    const rate = (key: "requests" | "errors" | "completion_tokens") =>
      seconds > 0 ? grown(was?.[key] ?? 0, row[key]) / seconds : null;
    const [ttftP50, ttftP95] = quantiles(was, row);
    return {
      id: row.id,
      name: row.name,
      state: row.state,
      inFlight: row.in_flight,
      requests: rate("requests"),
      errors: rate("errors"),
      tokens: rate("completion_tokens"),
      ttftP50,
      ttftP95,
      longestGap: row.longest_gap_ms,
      allRequests: row.requests,
      allErrors: row.errors,
      failovers: row.failovers,
    };
  });
}
