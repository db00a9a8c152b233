import { describe, expect, it } from "vitest";
import { thinned, timeline } from "@/board/frames";
import type { Frame } from "@/board/types";

const frame = (t_ms: number, kind: Frame["kind"], bytes = "", turn = 0): Frame => ({ turn, t_ms, kind, size: bytes.length, bytes });
const head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n\r\n";
const says = (delta: unknown) => `data: ${JSON.stringify({ choices: [{ delta }] })}\n\n`;

describe("timeline", () => {
  it("has the silences of docs/scoring.md: to the first content, between contents, to the end", () => {
    const t = timeline([
      frame(0, "request", "{}"),
      frame(100, "head", head),
      frame(150, "body", says({ role: "assistant", content: "" })),
      frame(200, "body", ": ping\n\n"),
      frame(300, "body", says({ content: "Hello" })),
      frame(350, "body", says({ content: " " })),
      frame(2800, "body", `${says({ content: "world" })}`),
      frame(2810, "body", "data: [DONE]\n\n"),
      frame(2900, "end", "complete"),
    ]);
    expect(t.first_ms).toBe(300);
    expect(t.gaps.map((g) => [g.before, g.ms])).toEqual([["first", 300], ["next", 2500], ["end", 100]]);
    expect(t.longest).toMatchObject({ from_ms: 300, to_ms: 2800, ms: 2500 });
    expect(t.moments.map((m) => m.total)).toEqual([5, 10]);
    expect(t.pings).toBe(1);
    expect(t.turns).toEqual([{ from_ms: 0, status: 200, ended: "complete" }]);
    expect(t.end_ms).toBe(2900);
  });
  it("puts together what came in pieces, also inside a character", () => {
    const bytes = new TextEncoder().encode(says({ content: "žluť" }));
    const base64 = (b: Uint8Array) => btoa(String.fromCharCode(...b));
    const at = bytes.findIndex((b) => b > 127) + 1;
    const t = timeline([
      frame(0, "request"),
      frame(1, "head", head),
      { turn: 0, t_ms: 5, kind: "body", size: at, base64: base64(bytes.slice(0, at)) },
      { turn: 0, t_ms: 9, kind: "body", size: 9, base64: base64(bytes.slice(at)) },
      frame(10, "end", "complete"),
    ]);
    expect(t.moments).toEqual([{ t_ms: 9, total: 4, kind: "content" }]);
  });
  it("counts reasoning and calls of tools as content, and begins anew with each turn", () => {
    const t = timeline([
      frame(0, "request"),
      frame(5, "head", head),
      frame(40, "body", says({ reasoning_content: "Let me think" })),
      frame(60, "body", says({ tool_calls: [{ index: 0, function: { name: "get" } }] })),
      frame(70, "end", "complete"),
      frame(100, "request", "{}", 1),
      frame(110, "head", head, 1),
      frame(400, "body", says({ content: "42" }), 1),
      frame(410, "end", "complete", 1),
    ]);
    expect(t.moments.map((m) => m.kind)).toEqual(["reasoning", "tool", "content"]);
    expect(t.gaps.map((g) => g.before)).toEqual(["first", "next", "end", "first", "end"]);
    expect(t.longest?.ms).toBe(300);
    expect(t.turns).toHaveLength(2);
  });
  it("takes an answer in one piece as one moment at its end", () => {
    const body = JSON.stringify({ choices: [{ message: { content: "All of it" } }] });
    const t = timeline([
      frame(0, "request"),
      frame(900, "head", "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"),
      frame(901, "body", body.slice(0, 10)),
      frame(902, "body", body.slice(10)),
      frame(905, "end", "complete"),
    ]);
    expect(t.moments).toEqual([{ t_ms: 905, total: 9, kind: "content" }]);
  });
  it("survives whatever stands in the frames", () => {
    const t = timeline([
      frame(0, "body", "data: lost\n\n"),
      frame(1, "request"),
      frame(2, "head", "nonsense"),
      frame(3, "head", head),
      frame(4, "body", "data: {not json\n\ndata: null\n\ndata: {\"choices\":7}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"...\"}}]}\n\n"),
      { turn: 0, t_ms: 6, kind: "body", size: 4_000_000 },
      frame(9, "end", "reset by peer"),
    ]);
    expect(t.moments).toEqual([]);
    expect(t.turns[0]).toEqual({ from_ms: 1, status: 200, ended: "reset by peer" });
    expect(timeline([])).toMatchObject({ end_ms: 0, longest: null, moments: [] });
  });
});

describe("thinned", () => {
  it("keeps the last of each stretch, and so the end", () => {
    const many = Array.from({ length: 5000 }, (_, i) => ({ t_ms: i, total: i + 1, kind: "content" as const }));
    const few = thinned(many, 100);
    expect(few.length).toBeLessThanOrEqual(101);
    expect(few.at(-1)?.total).toBe(5000);
    expect(thinned(many.slice(0, 3), 100)).toHaveLength(3);
  });
});
