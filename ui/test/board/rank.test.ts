import { describe, expect, it } from "vitest";
import { composite, difference, rerank, weightsOf } from "@/board/rank";
import type { Weights } from "@/board/types";
import { entry } from "./fixtures";

const weights: Weights = { quality: 45, speed: 20, cost: 15, streaming: 10, modality: 10 };

describe("composite", () => {
  it("is the worked example of docs/scoring.md: the weight of what is not there goes to the others", () => {
    expect(composite({ quality: 37.5, speed: 33.75, cost: 30, streaming: 37.5, modality: null }, weights)).toBeCloseTo(35.4167, 4);
  });
  it("with all parts is their weighted mean", () => {
    expect(composite({ quality: 100, speed: 50, cost: 0, streaming: 100, modality: 0 }, weights)).toBeCloseTo(65, 10);
  });
  it("is none where no part has a weight", () => {
    expect(composite({}, weights)).toBeNull();
    expect(composite({ quality: 80 }, { ...weights, quality: 0 })).toBeNull();
  });
});

describe("rerank", () => {
  const owl = entry("owl", [90, 10, 50, 50, null]);
  const bee = entry("bee", [60, 95, 50, 50, null]);
  it("goes by the reader's weights", () => {
    expect(rerank([bee, owl], { ...weights, speed: 0 }).map((r) => r.entry.competitor)).toEqual(["owl", "bee"]);
    expect(rerank([owl, bee], { quality: 0, speed: 100, cost: 0, streaming: 0, modality: 0 })[0]?.entry.competitor).toBe("bee");
  });
  it("gives the place to who was submitted earlier, and the same place to both", () => {
    const late = entry("ant", [90, 10, 50, 50, null], { submitted_at: "2026-11-05T00:00:00.000Z" });
    const rows = rerank([late, owl, bee], { ...weights, speed: 0 });
    expect(rows.map((r) => [r.entry.competitor, r.place])).toEqual([["owl", 1], ["ant", 1], ["bee", 3]]);
  });
  it("puts last who has no score by these weights, and leaves the list it got alone", () => {
    const list = [bee, entry("cat", [10, 10, 10, 10, 5])];
    const rows = rerank(list, { quality: 0, speed: 0, cost: 0, streaming: 0, modality: 1 });
    expect(rows.map((r) => [r.entry.competitor, r.value])).toEqual([["cat", 5], ["bee", null]]);
    expect(list[0]).toBe(bee);
  });
});

describe("difference", () => {
  const at = (value: number, by: number) => ({ value, low: value - by, high: value + by });
  it("is the example of docs/champion.md", () => {
    const bee = difference(at(73, 2), at(70, 2));
    expect(bee.value).toBe(3);
    expect(bee.low).toBeCloseTo(0.17, 2);
    expect(bee.high).toBeCloseTo(5.83, 2);
    expect(bee.significant).toBe(true);
    expect(difference(at(74, 2.5), at(73, 2)).significant).toBe(false);
    expect(difference(at(71.5, 2), at(70, 2)).significant).toBe(false);
  });
  it("is the same seen from the other side", () => {
    const there = difference(at(70, 2), at(74, 2.5));
    expect(there.significant).toBe(true);
    expect(there.high).toBeCloseTo(-0.8, 1);
  });
});

describe("weightsOf", () => {
  it("takes those of a run's report, and nothing else", () => {
    expect(weightsOf({ weights: { quality: 45, speed: 20, other: 3, cost: "x" } })).toEqual({ quality: 45, speed: 20, cost: 0, streaming: 0, modality: 0 });
    expect(weightsOf({ weights: null })).toBeNull();
    expect(weightsOf({ weights: {} })).toBeNull();
    expect(weightsOf(undefined)).toBeNull();
  });
});
