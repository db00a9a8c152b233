/*
 * One answer as it comes: chat() asks for it, follow() goes on with it after a reload.  Both yield
 * the answer after every event and always end with one that is over; only an abort throws.
 *
 * A stream outlives its connection (docs/api.md, Resume): one that breaks is followed from the last
 * event seen, for as long as the gateway has it.
 */
import { type AnswerEvent, isOver, reduce } from "@/chat/answer/reduce";
import type { Answer } from "@/chat/types";
import { type Api, call, send } from "@/lib/api";
import { ApiError, type Failure } from "@/lib/errors";
import { type SseEvent, readEvents } from "@/lib/sse";

/** The gateway pings every 1.5 s: where nothing comes for this long, the connection is dead. */
const SILENCE = 20_000;
/** How long to wait before the connection is tried again, and so how often. */
export const WAITS = [250, 500, 1000, 2000, 4000, 8000];

export type Part =
  | { type: "text"; text: string }
  | { type: "image_url"; image_url: { url: string } }
  | { type: "file"; file: { file_id: string } };
export interface ChatMessage {
  role: "system" | "user" | "assistant";
  content: string | Part[];
}

const headerNumber = (headers: Headers, name: string): number | null => {
  const value = headers.get(name);
  return value !== null && /^\d+$/.test(value) ? Number(value) : null;
};

const headOf = ({ headers }: Response): AnswerEvent => ({
  kind: "head",
  requestId: headers.get("x-request-id"),
  competitor: headers.get("x-janus-competitor"),
  digest: headers.get("x-janus-version-digest"),
  streamId: headers.get("x-janus-stream-id"),
  attempts: headerNumber(headers, "x-janus-attempts"),
  queueMs: headerNumber(headers, "x-janus-queue-ms"),
});

const sse = ({ id, data }: SseEvent): AnswerEvent => ({ kind: "sse", id, data });

const failed = (error: unknown): AnswerEvent => ({
  kind: "failed",
  failure: error instanceof ApiError ? plain(error) : strange(error),
});

/** An error as data that can be stored. */
export const plain = ({ status, code, message, param, requestId, retryable, fault, retryAfter }: Failure): Failure => ({
  status,
  code,
  message,
  param,
  requestId,
  retryable,
  fault,
  retryAfter,
});

const strange = (error: unknown): Failure => ({
  status: 0,
  code: "bad_answer",
  message: error instanceof Error ? error.message : String(error),
  param: null,
  requestId: null,
  retryable: true,
  fault: null,
  retryAfter: null,
});

const failure = (code: string, message: string, requestId: string | null): Failure => ({
  status: 0,
  code,
  message,
  param: null,
  requestId,
  retryable: true,
  fault: "platform",
  retryAfter: null,
});

/** Time that passes, unless it is aborted. */
const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(new DOMException("aborted", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    if (signal?.aborted) abort();
    else signal?.addEventListener("abort", abort, { once: true });
  });

const hex = (bytes: number): string =>
  [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Ids that are known before the gateway has answered, so that a reload at once finds the stream. */
export const newIds = () => ({ requestId: `web-${hex(16)}`, traceId: hex(16) });

/**
 * Ask.  answer: a new one (newAnswer with newIds); before it has a stream's id an abort ends the
 * chat, afterwards only the following of it: stopStream() ends it.
 */
export async function* chat(
  begun: Answer,
  messages: ChatMessage[],
  { signal, resume = true, more = {} }: { signal?: AbortSignal; resume?: boolean; more?: Record<string, unknown> } = {},
): AsyncGenerator<Answer> {
  let answer = begun;
  let response: Response;
  try {
    response = await send("/v1/chat/completions", {
      json: { ...more, model: answer.model, stream: true, stream_options: { include_usage: true }, messages },
      headers: {
        accept: "text/event-stream",
        "x-janus-progress": "1",
        ...(resume ? { "x-janus-resume": "1" } : {}),
        ...(answer.requestId ? { "x-request-id": answer.requestId } : {}),
        ...(answer.traceId ? { traceparent: `00-${answer.traceId}-${hex(8)}-01` } : {}),
      },
      signal,
      timeout: 120_000,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    yield reduce(answer, failed(error), Date.now());
    return;
  }
  answer = reduce(answer, headOf(response), Date.now());
  yield answer;
  yield* followed(answer, response, signal);
}

/** Go on with an answer that was begun, in this page or in one before. */
export async function* follow(begun: Answer, { signal }: { signal?: AbortSignal } = {}): AsyncGenerator<Answer> {
  let answer = begun;
  if (answer.streamId === null) {
    try {
      answer = await found(answer, signal);
    } catch (error) {
      if (signal?.aborted) throw error;
      yield reduce(answer, failed(error), Date.now());
      return;
    }
  }
  yield* followed(answer, null, signal);
}

/** The stream of an answer whose head was not seen: the gateway knows it by its request. */
async function found(answer: Answer, signal?: AbortSignal): Promise<Answer> {
  const list = await call<Api<"StreamList">>("/v1/streams?limit=500", { signal });
  const stream = list.data.find((it) => it.request_id === answer.requestId);
  if (stream === undefined) {
    const message = "The page was left before the answer began, and the gateway does not have it.";
    throw new ApiError(failure("stream_lost", message, answer.requestId));
  }
  return { ...answer, streamId: stream.id, competitor: stream.competitor };
}

/** Read a response, and then what follows it as often as a connection breaks. */
async function* followed(begun: Answer, first: Response | null, signal?: AbortSignal): AsyncGenerator<Answer> {
  let answer = begun;
  let response = first;
  for (let tries = 0; ; ) {
    const before = answer.seq;
    let problem: AnswerEvent;
    try {
      response ??= await again(answer, signal);
      if (response.status === 204) {
        yield reduce(answer, { kind: "over" }, Date.now()); // it had ended, and all of it was seen
        return;
      }
      for await (const event of readEvents(response, signal, SILENCE)) {
        answer = reduce(answer, sse(event), Date.now());
        yield answer;
        if (isOver(answer)) return;
      }
      problem = { kind: "failed", failure: cut(answer) };
    } catch (error) {
      if (signal?.aborted) throw error;
      const final = hopeless(answer, error);
      if (final !== null) {
        yield reduce(answer, final, Date.now());
        return;
      }
      problem = failed(error);
    }
    tries = answer.seq > before ? 1 : tries + 1;
    const wait = WAITS[tries - 1];
    if (answer.streamId === null || wait === undefined) {
      yield reduce(answer, problem, Date.now());
      return;
    }
    await pause(wait, signal);
    answer = reduce(answer, { kind: "reattached" }, Date.now());
    response = null;
  }
}

const cut = (answer: Answer): Failure => failure("stream_cut", "The connection ended before the answer did.", answer.requestId);

const again = (answer: Answer, signal?: AbortSignal): Promise<Response> =>
  send(`/v1/streams/${encodeURIComponent(answer.streamId ?? "")}${answer.seq === 0 ? "?from=1" : ""}`, {
    headers: { accept: "text/event-stream", ...(answer.seq > 0 ? { "last-event-id": String(answer.seq) } : {}) },
    signal,
  });

/** What cannot be gone on with, however often it is tried; null if it may. */
function hopeless(answer: Answer, error: unknown): AnswerEvent | null {
  if (answer.streamId === null) return failed(error);
  if (!(error instanceof ApiError)) return null;
  if (error.status === 410)
    return lost(answer, "The gateway does not have the rest of this answer any more. What had come is kept.", error);
  if (error.status === 404)
    return lost(answer, "The gateway was started anew and does not know this answer. What had come is kept.", error);
  return error.status >= 400 && error.status < 500 && error.status !== 429 ? failed(error) : null;
}

const lost = (answer: Answer, message: string, error: ApiError): AnswerEvent => ({
  kind: "failed",
  failure: { ...failure("stream_expired", message, answer.requestId), status: error.status },
});

/** End an answer at the gateway, and so at its competitor; asked again, it changes nothing. */
export async function stopStream(id: string): Promise<void> {
  for (let tries = 0; ; tries++)
    try {
      await call(`/v1/streams/${encodeURIComponent(id)}`, { method: "DELETE" });
      return;
    } catch (error) {
      if (tries >= 2 || (error instanceof ApiError && error.status >= 400 && error.status < 500)) throw error;
      await pause(WAITS[tries] ?? 0);
    }
}
