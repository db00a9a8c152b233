import { describe, expect, it } from "vitest";
import { newAnswer, reduce } from "@/chat/answer/reduce";
import { headline } from "@/chat/answer/headline";
import type { Answer } from "@/chat/types";
import { answerOf, chunk, failure, finish, headed, janus, said, sseOf } from "./sse-of";

const descriptor = { id: "artf_1", type: "file", mime_type: "text/csv", display_name: "t.csv", size_bytes: 42, sha256: "ab", url: "/v1/artifacts/artf_9?sig=1" };
const everything = [
  janus("queued", { position: 2, eta_seconds: 3 }),
  janus("queued", { position: 1, eta_seconds: null }),
  chunk({ role: "assistant", content: "" }),
  chunk({ reasoning_content: "## Plan\nWürfel 🎲 " }),
  chunk({ reasoning_content: "werfen" }),
  janus("sandbox_start", { sandbox_id: "sb", agent: "janus-agent", model: "m", wait_ms: 3 }),
  janus("tool_start", { id: "a", name: "shell", input: { command: "ls" } }),
  janus("tool_end", { id: "a", name: "shell", ok: false, output: "no such file", duration_ms: 250 }),
  janus("artifact", descriptor),
  janus("sandbox_end", { sandbox_id: "sb", seconds: 1.5, cost_usd: 0.002 }),
  janus("moon_phase", { phase: "full" }),
  said("Grüße "),
  said("aus 東京 \r\n"),
  finish(),
  { choices: [], usage: { prompt_tokens: 7, completion_tokens: 3, cost_usd: 0.01, sandbox_seconds: 1.5 } },
  "[DONE]",
];
const bytes = new TextEncoder().encode(sseOf(everything));
const fold = (events: (object | string)[], from = headed()): Answer =>
  events.reduce<Answer>((answer, event, i) => {
    const data = typeof event === "string" ? event : JSON.stringify(event);
    return reduce(answer, { kind: "sse", id: String(answer.seq + 1), data }, (i + 1) * 10);
  }, from);

describe("an answer", () => {
  it("holds all that a stream told of it", async () => {
    const answer = await answerOf([bytes]);
    expect(answer).toMatchObject({
      state: "done",
      text: "Grüße aus 東京 \r\n",
      reasoning: "## Plan\nWürfel 🎲 werfen",
      reasoningMs: 10,
      ttftMs: 40,
      maxGapMs: 10,
      durationMs: 160,
      finishReason: "stop",
      competitor: "owl",
      streamId: "strm_1",
      seq: 16,
      usage: { promptTokens: 7, completionTokens: 3, costUsd: 0.01, sandboxSeconds: 1.5 },
      artifacts: [{ id: "artf_1", name: "t.csv", url: descriptor.url, unavailable: null }],
    });
    expect(answer.steps.map(({ kind, title, state, ms, costUsd }) => ({ kind, title, state, ms, costUsd }))).toEqual([
      { kind: "queued", title: "In the queue, place 1", state: "done", ms: 30, costUsd: null },
      { kind: "sandbox", title: "Sandbox", state: "done", ms: 1500, costUsd: 0.002 },
      { kind: "tool", title: "shell", state: "failed", ms: 250, costUsd: null },
      { kind: "other", title: "Moon phase", state: "done", ms: 0, costUsd: null },
    ]);
    expect(answer.steps[2]?.detail).toBe('{"command":"ls"}\nno such file');
  });

  it("is the same wherever its bytes are cut in two", async () => {
    const whole = await answerOf([bytes]);
    for (let at = 1; at < bytes.length; at++)
      expect(await answerOf([bytes.subarray(0, at), bytes.subarray(at)]), `cut at ${at}`).toEqual(whole);
  });

  it("is the same byte by byte", async () => {
    expect(await answerOf([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(await answerOf([bytes]));
  });

  it("is told at its end what its head could not say", () => {
    const done = { competitor: "bee", version_digest: null, attempts: 2, queue_ms: 1800, overhead_ms: 0.2, processing_ms: 5210 };
    const answer = fold([said("hi"), finish(), janus("done", done)]);
    expect(answer).toMatchObject({ competitor: "bee", digest: "sha256:ab", attempts: 2, queueMs: 1800, steps: [] });
    expect(fold([janus("done", { attempts: "two" })])).toMatchObject({ competitor: "owl", attempts: 1, queueMs: 0 });
  });

  it("does not take an event twice that is told again after a reload", () => {
    const half = fold(everything.slice(0, 12));
    const again = everything.map((event, i) => ({ event, id: String(i + 1) }));
    const whole = again.reduce<Answer>(
      (answer, { event, id }) => reduce(answer, { kind: "sse", id, data: typeof event === "string" ? event : JSON.stringify(event) }, 500),
      reduce(half, { kind: "reattached" }, 400),
    );
    expect(whole.text).toBe("Grüße aus 東京 \r\n");
    expect(whole.maxGapMs, "the time away is no gap").toBe(10);
  });

  it("takes a competitor's own ids for none of Janus's when the stream has no id", () => {
    const plain = { ...headed(), streamId: null };
    const answer = ["7", "7", "3"].reduce<Answer>((a, id) => reduce(a, { kind: "sse", id, data: JSON.stringify(said("x")) }, 1), plain);
    expect(answer.text).toBe("xxx");
    expect(answer.seq).toBe(0);
  });

  it("fails with the gateway's words, keeps what was said, and ends what ran", () => {
    const answer = fold([said("half"), janus("tool_start", { id: "t", name: "search" }), failure("upstream_died"), said("late"), "[DONE]"]);
    expect(answer).toMatchObject({ state: "failed", text: "half", failure: { code: "upstream_died", requestId: "req_failed_1", retryable: true } });
    expect(answer.steps[0]?.state).toBe("failed");
  });

  it("is stopped, and not failed, when it was stopped", () => {
    expect(fold([said("half"), failure("stream_stopped")])).toMatchObject({ state: "stopped", failure: null, text: "half" });
  });

  it("begins anew where another competitor goes on, and keeps what the first had said", () => {
    const answer = fold([said("first "), janus("failover", { from: "owl", to: "bee", code: "upstream_died" }), said("second")]);
    expect(answer).toMatchObject({ text: "second", competitor: "bee", digest: null });
    expect(answer.steps[0]).toMatchObject({ kind: "failover", title: "owl failed, bee goes on", detail: "upstream_died\nIt had said:\nfirst " });
  });

  it("shows calls of tools that nobody makes here", () => {
    const call = (more: object) => chunk({ tool_calls: [{ index: 0, ...more }] });
    const answer = fold([call({ id: "c", function: { name: "now", arguments: '{"zo' } }), call({ function: { arguments: 'ne":1}' } }), finish("tool_calls")]);
    expect(answer.steps).toMatchObject([{ title: "Asks for now", detail: '{"zone":1}' }]);
    expect(answer.finishReason).toBe("tool_calls");
  });

  it("takes artifacts from wherever they may stand, each id once, and no link elsewhere", () => {
    const answer = fold([
      janus("artifacts", { items: [descriptor, { ...descriptor, id: "b" }] }),
      janus("tool_end", { id: "x", name: "x", artifact: { ...descriptor, id: "c", url: "https://evil.example/x" } }),
      chunk({ artifacts: [{ ...descriptor, id: "d", url: "javascript:alert(1)" }, descriptor] }),
      janus("artifact", { id: "e", error: { code: "artifact_unavailable", reason: "hash_mismatch", message: "not it" } }),
    ]);
    expect(answer.artifacts.map(({ id, url, unavailable }) => [id, url, unavailable?.reason])).toEqual([
      ["artf_1", descriptor.url, undefined],
      ["b", descriptor.url, undefined],
      ["c", null, "url_not_allowed"],
      ["d", null, "url_not_allowed"],
      ["e", null, "hash_mismatch"],
    ]);
  });

  it("survives garbage of every kind", () => {
    const strange: (object | string)[] = [
      "", "{", "null", "7", '"x"', "[]", "[DONE", "{}", '{"choices":7}', '{"choices":[null]}', '{"choices":[{"delta":[]}]}',
      '{"error":null}', '{"choices":[{"delta":{"content":{"a":1},"reasoning_content":5,"tool_calls":{"x":1},"janus":"x","artifacts":"y"}}]}',
      '{"choices":[{"delta":{"janus":{"event":7}}}]}', '{"choices":[{"delta":{"janus":{"event":"tool_end","payload":[1]}}}]}',
      '{"choices":[{"delta":{"janus":{"event":"__proto__","payload":{"__proto__":{"x":1}}}}}]}',
      '{"choices":[{"delta":{"tool_calls":[null,{"index":-1,"function":{}},{"function":7}]}}]}',
      '{"usage":{"prompt_tokens":"many","cost_usd":-1,"completion_tokens":1e999}}',
    ];
    const answer = fold([...strange, said("still here")]);
    expect(answer.text).toBe("still here");
    expect(answer.usage).toEqual({ promptTokens: null, completionTokens: null, costUsd: null, sandboxSeconds: null });
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    expect(structuredClone(answer)).toEqual(answer);
  });

  it("has a bounded timeline, whatever a competitor says that it does", () => {
    const answer = fold(Array.from({ length: 2000 }, (_, i) => janus(`event_${i}`)));
    expect(answer.steps).toHaveLength(500);
    expect(answer.steps.at(-1)).toMatchObject({ title: "More steps than are shown", detail: "1501" });
  });

  it("waits, once told so", () => {
    const answer = fold([janus("starting"), janus("progress", { stage: "agent_run", elapsed_seconds: 5 }), janus("progress", { stage: "agent_run", elapsed_seconds: 10 })]);
    expect(answer.steps).toMatchObject([
      { kind: "starting", state: "done" },
      { kind: "progress", title: "Agent run", state: "running" },
    ]);
  });

  it("is not changed any more when it is over", () => {
    const over = reduce(newAnswer("janus", 0), { kind: "stopped" }, 5);
    expect(reduce(over, { kind: "sse", id: "1", data: JSON.stringify(said("x")) }, 6)).toBe(over);
  });
});

describe("the headline of reasoning", () => {
  it("is its last heading, or its last line that says something", () => {
    expect(headline("one\n\n- **two** `x`\n\n---\n")).toBe("two x");
    expect(headline("## First\ntext\n**Second step**\nmore text")).toBe("Second step");
    expect(headline("")).toBe("");
  });
});
