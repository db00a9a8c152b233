import { describe, expect, it } from "vitest";
import { canVote, end, newBattle, step, type Battle } from "@/chat/arena/battle";

const play = (...events: (object | string)[]): Battle =>
  events.reduce<Battle>((battle, event, at) => step(battle, typeof event === "string" ? event : JSON.stringify(event), 1000 + at), newBattle(1000));
const begin = { object: "arena.battle", id: "btl_1", created_at: "2026-01-01T00:00:00Z", expires_at: "2026-01-01T01:00:00Z" };
const chunk = (side: string, content: string) => ({ object: "arena.chunk", battle: "btl_1", side, delta: { content } });
const over = (side: string, error: object | null = null) => ({ object: "arena.end", battle: "btl_1", side, finish_reason: error ? null : "stop", error, ttft_ms: 5, duration_ms: 9 });

describe("a battle", () => {
  it("has two answers in one stream", () => {
    const battle = play(begin, chunk("b", "x"), chunk("a", "y"), chunk("b", "z"), over("b"), over("a"), "[DONE]");
    expect([battle.id, battle.a.text, battle.b.text, battle.a.state, battle.b.state]).toEqual(["btl_1", "y", "xz", "done", "done"]);
    expect([battle.a.ttftMs, battle.a.durationMs, battle.a.finishReason]).toEqual([5, 9, "stop"]);
    expect(canVote(battle)).toBe(true);
  });
  it("goes on when a side fails", () => {
    const battle = play(begin, chunk("a", "y"), over("a", { code: "upstream_died", message: "It died." }), chunk("b", "x"), over("b"), "[DONE]");
    expect([battle.a.state, battle.a.failure?.code, battle.b.state]).toEqual(["failed", "upstream_died", "done"]);
    expect(canVote(battle)).toBe(true);
  });
  it("cannot be voted on while it runs, or when nobody answered", () => {
    expect(canVote(play(begin, chunk("a", "y"), over("a")))).toBe(false);
    const died = { code: "upstream_died", message: "It died." };
    expect(canVote(play(begin, over("a", died), over("b", died), "[DONE]"))).toBe(false);
    expect(canVote({ ...end(play(begin), null, 5), isOver: true })).toBe(false);
  });
  it("fails where its end does not come", () => {
    const battle = play(begin, chunk("a", "y"), over("b"), "[DONE]");
    expect([battle.a.state, battle.b.state, battle.isOver]).toEqual(["failed", "done", true]);
  });
  it("is not hurt by what is not understood [L08]", () => {
    const battle = play(begin, "garbage", "null", "[]", "7", { object: "arena.chunk", side: "c", delta: {} }, { object: "arena.chunk", side: "__proto__", delta: { content: "x" } }, { object: "arena.end", side: "a", error: 7, ttft_ms: "x" });
    expect([battle.a.state, battle.a.text, battle.b.text]).toEqual(["done", "", ""]);
  });
});
