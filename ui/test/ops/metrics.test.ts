import { expect, test } from "vitest";
import { parseMetrics, parseSample, quantile, total } from "@/pages/ops/metrics";

test("a sample has a name, labels and a value", () => {
  expect(parseSample("up 1")).toEqual({ name: "up", labels: {}, value: 1 });
  expect(parseSample('a_total{x="1",y="two words"} 2.5 1795240800000')).toEqual({ name: "a_total", labels: { x: "1", y: "two words" }, value: 2.5 });
  expect(parseSample("a{} 3")).toEqual({ name: "a", labels: {}, value: 3 });
  expect(parseSample('a{x="1",} 3')).toEqual({ name: "a", labels: { x: "1" }, value: 3 });
  expect(parseSample('a{ x = "1" , y = "2" } 3')?.labels).toEqual({ x: "1", y: "2" });
});

test("labels may hold quotes, backslashes, line ends and braces", () => {
  expect(parseSample('a{x="say \\"}\\" \\\\ \\n, y=1"} 1')?.labels).toEqual({ x: 'say "}" \\ \n, y=1' });
});

test("infinite and no numbers, and OpenMetrics' exemplars", () => {
  expect(parseSample("a +Inf")?.value).toBe(Number.POSITIVE_INFINITY);
  expect(parseSample("a -Inf")?.value).toBe(Number.NEGATIVE_INFINITY);
  expect(parseSample("a NaN")?.value).toBeNaN();
  expect(parseSample("a 1.8e+19")?.value).toBe(1.8e19);
  expect(parseSample('a_bucket{le="1"} 4 # {trace_id="x"} 0.5')).toEqual({ name: "a_bucket", labels: { le: "1" }, value: 4 });
});

test("what is no sample is left out", () => {
  for (const line of ["", "# HELP a b", "# TYPE a counter", "# EOF", "a", "a one", 'a{x="1" 2', "a{x=1} 2", "{} 1", "1a 2", 'a{x="open} 1'])
    expect(parseSample(line), line).toBeNull();
  expect(parseMetrics("# HELP a b\na 1\r\n\na{x=1} 2\nb 2\n")).toHaveLength(2);
});

test("sums are over the samples with these labels", () => {
  const samples = parseMetrics('a{x="1",y="1"} 1\na{x="1",y="2"} 2\na{x="2",y="1"} 4\nab 8\n');
  expect(total(samples, "a")).toBe(7);
  expect(total(samples, "a", { x: "1" })).toBe(3);
  expect(total(samples, "a", { x: "3" })).toBeNull();
  expect(total(samples, "none")).toBeNull();
});

test("quantiles of a histogram over all its labels", () => {
  const text = (competitor: string, counts: number[]) =>
    ["0.1", "0.2", "+Inf"].map((le, at) => `h_bucket{competitor="${competitor}",le="${le}"} ${counts[at]}`).join("\n");
  const samples = parseMetrics(`${text("owl", [5, 10, 10])}\n${text("bee", [5, 10, 10])}`);
  expect(quantile(samples, "h", 0.5)).toBeCloseTo(0.1);
  expect(quantile(samples, "h", 0.75)).toBeCloseTo(0.15);
  expect(quantile(parseMetrics(text("owl", [0, 0, 3])), "h", 0.5)).toBe(0.2); // beyond the last bound
  expect(quantile(parseMetrics(text("owl", [0, 0, 0])), "h", 0.5)).toBeNull();
  expect(quantile([], "h", 0.5)).toBeNull();
});
