/*
 * Prometheus' text format: samples with their labels, and sums over them.
 */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const escapes: Record<string, string> = { n: "\n", "\\": "\\", '"': '"' };

function parseValue(text: string): number {
  if (text === "+Inf" || text === "Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return text === "NaN" || text === "" ? Number.NaN : Number(text);
}

/** The labels of a sample from its "{" on, and where its "}" is; null if they are none. */
function parseLabels(line: string, from: number): { labels: Record<string, string>; end: number } | null {
  const labels: Record<string, string> = {};
  const pair = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,?)/y;
  let at = from + 1;
  for (;;) {
    pair.lastIndex = at;
    const found = pair.exec(line);
    if (found === null) break;
    const [all, name = "", raw = ""] = found;
    labels[name] = raw.replace(/\\(.)/g, (whole, c: string) => escapes[c] ?? whole);
    at += all.length;
    if (found[3] !== ",") break;
  }
  while (line[at] === " ") at++;
  return line[at] === "}" ? { labels, end: at } : null;
}

/** A line; null for comments, empty lines and what is no sample. */
export function parseSample(line: string): Sample | null {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
  if (name === undefined) return null;
  let rest = line.slice(name.length);
  let labels: Record<string, string> = {};
  if (rest.startsWith("{")) {
    const found = parseLabels(rest, 0);
    if (found === null) return null;
    labels = found.labels;
    rest = rest.slice(found.end + 1);
  }
  // value, then perhaps a timestamp; OpenMetrics may add an exemplar behind " # "
  const [text = ""] = (rest.split(" # ")[0] ?? "").trim().split(/\s+/);
  const value = parseValue(text);
  return text === "" || (Number.isNaN(value) && text !== "NaN") ? null : { name, labels, value };
}

export function parseMetrics(text: string): Sample[] {
  return text.split("\n").flatMap((line) => parseSample(line.trimEnd()) ?? []);
}

/** The sum of a metric over its samples whose labels are these; null if it has none. */
export function total(samples: readonly Sample[], name: string, labels: Record<string, string> = {}): number | null {
  let sum: number | null = null;
  for (const sample of samples)
    if (sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value))
      sum = (sum ?? 0) + sample.value;
  return sum;
}

/** The q-quantile of a histogram over all its labels, in its unit; null if nothing was observed. */
export function quantile(samples: readonly Sample[], name: string, q: number): number | null {
  const at = new Map<number, number>(); // bound -> how many are not above it
  for (const sample of samples)
    if (sample.name === `${name}_bucket`) {
      const bound = parseValue(sample.labels.le ?? "");
      if (!Number.isNaN(bound)) at.set(bound, (at.get(bound) ?? 0) + sample.value);
    }
  const bounds = [...at].sort(([a], [b]) => a - b);
  const all = bounds.at(-1)?.[1] ?? 0;
  if (all <= 0) return null;
  let from = 0;
  let below = 0;
  for (const [bound, upTo] of bounds) {
    if (upTo >= q * all && upTo > below)
      return Number.isFinite(bound) ? from + ((bound - from) * (q * all - below)) / (upTo - below) : from;
    if (Number.isFinite(bound)) from = bound;
    below = upTo;
  }
  return from;
}
