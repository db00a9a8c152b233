import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { newAnswer } from "@/chat/answer/reduce";
import { chat, follow, WAITS } from "@/chat/answer/stream";
import type { Answer } from "@/chat/types";
import { failure, finish, headed, said, sseOf } from "./sse-of";

interface Asked {
  path: string;
  method: string;
  headers: Headers;
  body: string;
}
let asked: Asked[] = [];
let answers: (Response | Error)[] = [];

const heads = { "content-type": "text/event-stream", "x-request-id": "req_9", "x-janus-competitor": "owl", "x-janus-version-digest": "sha256:cd", "x-janus-stream-id": "strm_9", "x-janus-attempts": "2", "x-janus-queue-ms": "40" };
/** A body that ends, or breaks after what it had. */
const stream = (text: string, { breaks = false, headers = heads as Record<string, string> } = {}): Response => {
  let given = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (!given) controller.enqueue(new TextEncoder().encode(text));
      else if (breaks) controller.error(new TypeError("network error"));
      else controller.close();
      given = true;
    },
  });
  return new Response(body, { headers });
};
const refusal = (status: number, code: string) => new Response(JSON.stringify(failure(code)), { status, headers: { "content-type": "application/json" } });

const lastOf = async (answers_: AsyncGenerator<Answer>): Promise<Answer> => {
  let last: Answer | null = null;
  let isOver = false;
  const reading = (async () => {
    for await (const answer of answers_) last = answer;
  })().finally(() => {
    isOver = true;
  });
  // pauses pass at once, in their order
  while (!isOver) {
    await new Promise((resolve) => setImmediate(resolve));
    await vi.advanceTimersByTimeAsync(100);
  }
  await reading;
  if (last === null) throw new Error("no answer");
  return last;
};
const ask = (options = {}) => lastOf(chat(newAnswer("janus", Date.now(), { requestId: "web-1", traceId: "a".repeat(32) }), [{ role: "user", content: "hi" }], options));

beforeEach(() => {
  asked = [];
  answers = [];
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.stubGlobal("fetch", async (path: string, init: RequestInit) => {
    if (path === "/livez") throw new TypeError("away"); // the banner's question after a call that failed
    asked.push({ path, method: init.method ?? "GET", headers: new Headers(init.headers), body: String(init.body ?? "") });
    const next = answers.shift() ?? new Error("nothing more was expected");
    if (next instanceof Error) throw next;
    return next;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a chat", () => {
  it("asks as docs/api.md says, and reads the head", async () => {
    answers = [stream(sseOf([said("hello"), finish(), "[DONE]"]))];
    const answer = await ask();
    expect(answer).toMatchObject({ state: "done", text: "hello", competitor: "owl", digest: "sha256:cd", requestId: "req_9", streamId: "strm_9", attempts: 2, queueMs: 40, seq: 3 });
    expect(asked[0]).toMatchObject({ path: "/v1/chat/completions", method: "POST" });
    expect(asked[0]?.headers.get("x-janus-resume")).toBe("1");
    expect(asked[0]?.headers.get("x-janus-progress")).toBe("1");
    expect(asked[0]?.headers.get("x-request-id")).toBe("web-1");
    expect(asked[0]?.headers.get("traceparent")).toMatch(/^00-a{32}-[0-9a-f]{16}-01$/);
    expect(JSON.parse(asked[0]?.body ?? "")).toEqual({ model: "janus", stream: true, stream_options: { include_usage: true }, messages: [{ role: "user", content: "hi" }] });
  });

  it("that is refused says why", async () => {
    answers = [refusal(503, "no_ready_competitor")];
    expect(await ask()).toMatchObject({ state: "failed", failure: { status: 503, code: "no_ready_competitor", retryable: true } });
  });

  it("to a gateway that is away says so", async () => {
    answers = [new TypeError("Failed to fetch")];
    expect(await ask()).toMatchObject({ state: "failed", failure: { code: "unreachable" } });
  });

  it("to something that is no gateway says so", async () => {
    answers = [new Response("<html>", { headers: { "content-type": "text/html" } })];
    expect(await ask()).toMatchObject({ state: "failed", failure: { code: "bad_answer" } });
  });

  it("goes on after a connection that broke, from the event after the last one seen", async () => {
    answers = [stream(sseOf([said("one "), said("two ")]), { breaks: true }), new TypeError("still away"), stream(sseOf([said("three"), finish(), "[DONE]"], 3))];
    expect(await ask()).toMatchObject({ state: "done", text: "one two three" });
    expect(asked.map(({ path }) => path)).toEqual(["/v1/chat/completions", "/v1/streams/strm_9", "/v1/streams/strm_9"]);
    expect(asked[2]?.headers.get("last-event-id")).toBe("2");
  });

  it("that ends without [DONE] is not taken for whole", async () => {
    answers = [stream(sseOf([said("one ")])), stream(sseOf([said("two"), "[DONE]"], 2))];
    expect(await ask()).toMatchObject({ state: "done", text: "one two" });
  });

  it("that cannot be resumed fails when its connection does, and keeps what came", async () => {
    const { "x-janus-stream-id": _, ...headers } = heads;
    answers = [stream(sseOf([said("one ")]), { breaks: true, headers })];
    expect(await ask()).toMatchObject({ state: "failed", text: "one ", failure: { code: "unreachable" } });
  });

  it("gives up on a gateway that stays away", async () => {
    answers = [stream(sseOf([said("one ")]), { breaks: true }), ...WAITS.map(() => new TypeError("away"))];
    expect(await ask()).toMatchObject({ state: "failed", text: "one ", failure: { code: "unreachable" } });
    expect(asked).toHaveLength(1 + WAITS.length);
  });
});

describe("an answer that is followed", () => {
  it.each([
    [410, "stream_expired"],
    [404, "resource_not_found"],
  ])("keeps what was seen when the gateway says %i", async (status, code) => {
    answers = [refusal(status, code)];
    const answer = await lastOf(follow({ ...headed(), text: "seen", seq: 4 }));
    expect(answer).toMatchObject({ state: "failed", text: "seen", failure: { code: "stream_expired", status } });
  });

  it("is done when all of it was seen", async () => {
    answers = [new Response(null, { status: 204 })];
    expect(await lastOf(follow({ ...headed(), text: "all", seq: 4, finishReason: "stop" }))).toMatchObject({ state: "done", text: "all" });
  });

  it("is found by its request when its head was not seen", async () => {
    const list = { object: "list", data: [{ id: "strm_7", request_id: "req_1", competitor: "bee" }] };
    answers = [new Response(JSON.stringify(list)), stream(sseOf([said("x"), "[DONE]"]))];
    const answer = await lastOf(follow({ ...headed(), streamId: null }));
    expect(answer).toMatchObject({ state: "done", text: "x", streamId: "strm_7", competitor: "bee" });
    expect(asked[1]?.path).toBe("/v1/streams/strm_7?from=1");
  });

  it("says so when the gateway does not have it", async () => {
    answers = [new Response(JSON.stringify({ object: "list", data: [] }))];
    expect(await lastOf(follow({ ...headed(), streamId: null }))).toMatchObject({ state: "failed", failure: { code: "stream_lost" } });
  });
});
