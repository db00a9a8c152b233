/* From numbers to places on a picture. */

/** Straight from a domain to a range; a domain of one value is its middle. */
export function linear([from, to]: readonly [number, number], [start, end]: readonly [number, number]) {
  return (value: number): number =>
    from === to ? (start + end) / 2 : start + ((value - from) / (to - from)) * (end - start);
}

/** About so many round numbers from one to another, both within. */
export function ticks(from: number, to: number, about: number): number[] {
  if (!(to > from) || about < 1) return [from];
  const rough = (to - from) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((m) => m * power >= rough) ?? 10) * power;
  const out: number[] = [];
  for (let at = Math.ceil(from / step); at * step <= to + step * 1e-9; at++) out.push(Number((at * step).toPrecision(12)));
  return out;
}

interface Spark {
  /** "M0 1L2 3…", a new M after a gap */
  path: string;
  /** the newest value's place; null without any */
  last: { x: number; y: number } | null;
}

/**
 * A line of values, oldest first, that fills a box; what never changed runs through its middle, null is a gap.
 * floor: what the bottom stands for, else the least value.  least: how much from bottom to top at least, so
 * that a little change does not look like a large one.
 */
export function spark(
  values: readonly (number | null)[],
  width: number,
  height: number,
  { floor, least = 0, pad = 3 }: { floor?: number; least?: number; pad?: number } = {},
): Spark {
  const known = values.filter((value) => value !== null);
  const [from, to] = [floor ?? Math.min(...known), Math.max(...known, floor ?? -Infinity)];
  const more = Math.max(0, least - (to - from)) / (floor === undefined ? 2 : 1);
  const x = linear([0, values.length - 1], [pad, width - pad]);
  const y = linear([floor === undefined ? from - more : from, to + more], [height - pad, pad]);
  const round = (n: number) => Number(n.toFixed(2));
  const spark: Spark = { path: "", last: null };
  values.forEach((value, at) => {
    if (value === null) return;
    const before = values[at - 1] ?? null;
    spark.last = { x: round(x(at)), y: round(y(value)) };
    spark.path += `${before === null ? "M" : "L"}${spark.last.x} ${spark.last.y}`;
  });
  return spark;
}
