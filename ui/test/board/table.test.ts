import { describe, expect, it } from "vitest";
import { boardCsv, csv } from "@/board/csv";
import { asRanked, rerank } from "@/board/rank";
import { linear, spark, ticks } from "@/lib/scale";
import { compare, descendsFirst, sortValue } from "@/board/sorting";
import { entry } from "./fixtures";

const weights = { quality: 45, speed: 20, cost: 15, streaming: 10, modality: 10 };

describe("sorting", () => {
  it("begins ascending for text, rank and dates, descending for scores", () => {
    expect(["rank", "competitor", "submitted"].map((k) => descendsFirst(k as "rank"))).toEqual([false, false, false]);
    expect(["composite", "quality", "modality", "arena"].map((k) => descendsFirst(k as "arena"))).toEqual([true, true, true, true]);
  });
  it("puts what has no value below everything", () => {
    expect([3, null, 7, 0].sort(compare)).toEqual([null, 0, 3, 7]);
    expect(["b", null, "a"].sort(compare)).toEqual([null, "a", "b"]);
  });
  it("sorts by rank as the board is ordered, by score as it was made", () => {
    const board = asRanked([entry("owl", [1, 1, 1, 1, 1], { rank: { low: 1, high: 3, range: "1-3" } }), entry("bee", [1, 1, 1, 1, 1])]);
    expect(board.map((row) => [sortValue(row, "rank"), sortValue(row, "composite")])).toEqual([[1, 50], [2, 50]]);
    const [own] = rerank([entry("owl", [80, 0, 0, 0, null])], { quality: 1, speed: 0, cost: 0, streaming: 0, modality: 0 });
    if (!own) throw new Error("no row");
    expect(sortValue(own, "composite")).toBe(80);
    expect(sortValue(own, "modality")).toBeNull();
    expect(sortValue(own, "submitted")).toBe("2026-11-01T00:00:00.000Z");
  });
});

describe("csv", () => {
  it("quotes what has to be, and tells formulas that they are none", () => {
    expect(csv([["a,b", 'say "hi"', "two\nlines", "=1+1", -3, null, true]])).toBe('"a,b","say ""hi""","two\nlines",\'=1+1,-3,,true\r\n');
  });
  it("has a row each, and the reader's own order only where there is one", () => {
    const rows = rerank([entry("owl", [90, 10, 50, 50, null]), entry("bee", [60, 95, 50, 50, 3])], weights);
    const lines = boardCsv(rows, false).trimEnd().split("\r\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).not.toContain("own_score");
    const own = boardCsv(rows, true).split("\r\n");
    expect(own[0]?.endsWith("newest_run,own_place,own_score")).toBe(true);
    expect(own[1]?.split(",")).toHaveLength(own[0]?.split(",").length ?? 0);
  });
});

describe("scales", () => {
  it("are straight, and a domain of one value is the middle", () => {
    expect(linear([0, 10], [100, 200])(2.5)).toBe(125);
    expect(linear([4, 4], [100, 200])(4)).toBe(150);
  });
  it("have round ticks within their ends", () => {
    expect(ticks(0, 100, 5)).toEqual([0, 20, 40, 60, 80, 100]);
    expect(ticks(0, 0.7, 4)).toEqual([0, 0.2, 0.4, 0.6]);
    expect(ticks(3, 3, 4)).toEqual([3]);
  });
  it("a sparkline fills its box; one value is a point, and what never changed is a line in the middle", () => {
    expect(spark([0, 5, 10], 106, 26)).toEqual({ path: "M3 23L53 13L103 3", last: { x: 103, y: 3 } });
    expect(spark([7], 100, 20)).toEqual({ path: "M50 10", last: { x: 50, y: 10 } });
    expect(spark([7, 7], 106, 20).path).toBe("M3 10L103 10");
    expect(spark([50, 52], 106, 26, { least: 10 }).path).toBe("M3 15L103 11"); // a little change looks little
    expect(spark([], 100, 20)).toEqual({ path: "", last: null });
  });
  it("a sparkline with a floor stands on it, and a gap is not drawn", () => {
    expect(spark([5, 10, null, 10], 106, 26, { floor: 0 }).path).toBe("M3 13L36.33 3M103 3");
    expect(spark([0, 0], 106, 26, { floor: 0 }).path).toBe("M3 13L103 13");
  });
});
