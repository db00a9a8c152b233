/* Streams as the gateway sends them, for the tests of what is made of them. */
import { newAnswer, reduce } from "@/chat/answer/reduce";
import type { Answer } from "@/chat/types";
import { readEvents } from "@/lib/sse";

export const chunk = (delta: unknown, more: object = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta, finish_reason: null }],
  ...more,
});
export const said = (content: string) => chunk({ content });
export const janus = (event: string, payload: unknown = {}) => chunk({ janus: { event, payload } });
export const finish = (reason = "stop") => ({ choices: [{ index: 0, delta: {}, finish_reason: reason }] });
export const failure = (code: string, message = "It failed.") => ({
  error: { message, type: "x", param: null, code, janus: { request_id: "req_failed_1", retryable: true, fault: "miner", docs: "", details: [] } },
});

/** Events as text, numbered as those of a stream that can be resumed. */
export const sseOf = (events: (object | string)[], from = 1): string =>
  events.map((it, i) => `id: ${from + i}\ndata: ${typeof it === "string" ? it : JSON.stringify(it)}\n\n`).join("");

export const bodyOf = (pieces: Uint8Array[]): Response =>
  new Response(
    new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    }),
    { headers: { "content-type": "text/event-stream" } },
  );

export const headed = (now = 0): Answer =>
  reduce(
    newAnswer("janus", now, { requestId: "req_1", traceId: "t" }),
    { kind: "head", requestId: "req_1", competitor: "owl", digest: "sha256:ab", streamId: "strm_1", attempts: 1, queueMs: 0 },
    now,
  );

/** What an answer becomes by a stream in these pieces; each event 10 ms after the one before. */
export async function answerOf(pieces: Uint8Array[]): Promise<Answer> {
  let answer = headed();
  let now = 0;
  for await (const { id, data } of readEvents(bodyOf(pieces))) {
    now += 10;
    answer = reduce(answer, { kind: "sse", id, data }, now);
  }
  return answer;
}
