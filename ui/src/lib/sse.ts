/*
 * Server-sent events over fetch, because EventSource can neither send a key nor a body.
 */
import { createParser } from "eventsource-parser";
import { type CallOptions, send } from "@/lib/api";
import { badAnswer, unreachable } from "@/lib/errors";

export interface SseEvent {
  /** the event's type; "" for one without */
  event: string;
  id: string | null;
  data: string;
}

/** What comes next of a body, unless nothing at all, not even a ping, comes for so many ms (0: wait for ever). */
async function within<T>(silence: number, next: Promise<T>): Promise<T> {
  if (silence === 0) return next;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing came for ${silence / 1000} s.`)), silence);
  });
  try {
    return await Promise.race([next, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The events of an answer as they come, comments left out.  Ends with the body; throws an ApiError
 * when the connection breaks or is silent for so many ms, AbortError when the caller aborts.
 */
export async function* readEvents(response: Response, signal?: AbortSignal, silence = 0): AsyncGenerator<SseEvent> {
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("text/event-stream") || response.body === null)
    throw badAnswer(response.status, response.headers.get("x-request-id"), `"${type}" where a stream belongs`);
  const waiting: SseEvent[] = [];
  const parser = createParser({
    onEvent: (event) => waiting.push({ event: event.event ?? "", id: event.id ?? null, data: event.data }),
  });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { value, done } = await within(silence, reader.read());
      if (done) return;
      parser.feed(value);
      yield* waiting.splice(0);
    }
  } catch (reason) {
    if (signal?.aborted) throw reason;
    throw unreachable(reason);
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

/** Ask for a stream and read it. */
export async function* events(path: string, options: CallOptions = {}): AsyncGenerator<SseEvent> {
  yield* readEvents(
    await send(path, { ...options, headers: { accept: "text/event-stream", ...options.headers } }),
    options.signal,
  );
}
