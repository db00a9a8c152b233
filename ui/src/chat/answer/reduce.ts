/*
 * What an answer becomes by each thing that happens to it: reduce(answer, event, now) is pure, so
 * that it can be tested with any stream.  It never throws, whatever a competitor sends.
 */
import { artifactsOf, mergeArtifacts } from "@/chat/answer/artifacts";
import { array, number, record, text } from "@/chat/answer/json";
import { addToolCalls, closeSteps, step } from "@/chat/answer/steps";
import type { Answer, Usage } from "@/chat/types";
import { type Failure, failureOf } from "@/lib/errors";

export interface Head {
  requestId: string | null;
  competitor: string | null;
  digest: string | null;
  streamId: string | null;
  attempts: number | null;
  queueMs: number | null;
}

export type AnswerEvent =
  | ({ kind: "head" } & Head)
  /** one event of the stream: id is its number if the stream can be resumed */
  | { kind: "sse"; id: string | null; data: string }
  | { kind: "failed"; failure: Failure }
  | { kind: "stopped" }
  /** followed again, after a reload or a broken connection */
  | { kind: "reattached" }
  /** the stream is over without [DONE] having been seen by us */
  | { kind: "over" };

export const newAnswer = (model: string, now: number, ids: { requestId?: string; traceId?: string } = {}): Answer => ({
  state: "waiting",
  text: "",
  reasoning: "",
  reasoningMs: null,
  steps: [],
  artifacts: [],
  failure: null,
  finishReason: null,
  model,
  competitor: null,
  digest: null,
  requestId: ids.requestId ?? null,
  traceId: ids.traceId ?? null,
  streamId: null,
  seq: 0,
  attempts: null,
  queueMs: null,
  ttftMs: null,
  maxGapMs: null,
  durationMs: null,
  usage: null,
  clock: { startedAt: now, lastAt: null, reasoningAt: null },
});

export const isOver = (answer: Answer): boolean =>
  answer.state === "done" || answer.state === "stopped" || answer.state === "failed";

export function reduce(answer: Answer, event: AnswerEvent, now: number): Answer {
  if (isOver(answer)) return answer;
  switch (event.kind) {
    case "head": {
      const { kind: _, ...head } = event;
      return { ...answer, ...head, requestId: head.requestId ?? answer.requestId };
    }
    case "sse":
      return onEvent(answer, event.id, event.data, now);
    case "failed":
      return end({ ...answer, failure: event.failure }, "failed", now);
    case "stopped":
      return end(answer, "stopped", now);
    case "reattached":
      return { ...answer, clock: { ...answer.clock, lastAt: null } };
    case "over":
      return end(answer, "done", now);
  }
}

function end(answer: Answer, state: "done" | "stopped" | "failed", now: number): Answer {
  const over = { ...answer, state, durationMs: Math.max(0, now - answer.clock.startedAt) };
  return { ...over, steps: closeSteps(answer.steps, now - answer.clock.startedAt, state !== "done") };
}

function onEvent(before: Answer, id: string | null, data: string, now: number): Answer {
  let answer = before;
  const seq = answer.streamId !== null && id !== null && /^\d{1,15}$/.test(id) ? Number(id) : null;
  if (seq !== null) {
    if (seq <= answer.seq) return answer; // seen, before it was followed again
    answer = { ...answer, seq };
  }
  if (data === "[DONE]") return end(answer, "done", now);
  let body: unknown;
  try {
    body = JSON.parse(data);
  } catch {
    return answer; // no JSON: nothing that could be shown
  }
  const failure = failureOf(body, 0);
  if (failure !== null)
    return failure.code === "stream_stopped"
      ? end(answer, "stopped", now)
      : end({ ...answer, failure: { ...failure, requestId: failure.requestId ?? answer.requestId } }, "failed", now);
  const chunk = record(body);
  if (chunk === null) return answer;
  return onChunk(heard(answer, now), chunk, now);
}

/** The clock goes on: the longest gap is between two events. */
function heard(answer: Answer, now: number): Answer {
  const { lastAt } = answer.clock;
  const gap = lastAt === null ? answer.maxGapMs : Math.max(answer.maxGapMs ?? 0, now - lastAt);
  return { ...answer, state: "streaming", maxGapMs: gap, clock: { ...answer.clock, lastAt: now } };
}

function onChunk(before: Answer, chunk: Record<string, unknown>, now: number): Answer {
  let answer = before;
  const usage = usageOf(chunk.usage);
  if (usage !== null) answer = { ...answer, usage };
  const choice = record(array(chunk.choices)[0]);
  const delta = record(choice?.delta) ?? record(choice?.message);
  if (delta !== null) answer = onDelta(answer, delta, now);
  const reason = text(choice?.finish_reason);
  return reason === null ? answer : { ...answer, finishReason: reason };
}

function onDelta(before: Answer, delta: Record<string, unknown>, now: number): Answer {
  let answer = before;
  const at = now - answer.clock.startedAt;
  const content = text(delta.content);
  const thought = text(delta.reasoning_content) ?? text(delta.reasoning);
  const calls = array(delta.tool_calls);
  if (content !== null || thought !== null || calls.length > 0) {
    const begun = answer.ttftMs ?? at;
    answer = { ...answer, ttftMs: begun, steps: closeSteps(answer.steps, at, false, isWaiting) };
  }
  if (thought !== null) {
    const reasoningAt = answer.clock.reasoningAt ?? now;
    answer = {
      ...answer,
      reasoning: answer.reasoning + thought,
      reasoningMs: now - reasoningAt,
      clock: { ...answer.clock, reasoningAt },
    };
  }
  if (content !== null) answer = { ...answer, text: answer.text + content };
  if (calls.length > 0) answer = { ...answer, steps: addToolCalls(answer.steps, calls, at) };
  const made = artifactsOf(delta);
  if (made.length > 0) answer = { ...answer, artifacts: mergeArtifacts(answer.artifacts, made) };
  const janus = record(delta.janus);
  const name = text(janus?.event);
  return janus === null || name === null ? answer : onJanus(answer, name, record(janus.payload) ?? {}, at);
}

/** Steps that are over as soon as something else comes. */
const isWaiting = (kind: string): boolean => ["queued", "pulling", "starting", "progress"].includes(kind);

function onJanus(answer: Answer, name: string, payload: Record<string, unknown>, at: number): Answer {
  const steps = step(answer.steps, name, payload, at);
  if (name === "done")
    // what the head could not say, if it went before anybody answered
    return {
      ...answer,
      competitor: text(payload.competitor) ?? answer.competitor,
      digest: text(payload.version_digest) ?? answer.digest,
      attempts: number(payload.attempts) ?? answer.attempts,
      queueMs: number(payload.queue_ms) ?? answer.queueMs,
    };
  if (name !== "failover") return { ...answer, steps };
  // another's answer follows from its beginning; what was said before stays in the step
  const before = answer.text === "" ? "" : `\nIt had said:\n${answer.text}`;
  const last = steps.at(-1);
  return {
    ...answer,
    steps: last === undefined ? steps : [...steps.slice(0, -1), { ...last, detail: (last.detail + before).slice(0, 8192) }],
    text: "",
    artifacts: [],
    competitor: text(payload.to) ?? answer.competitor,
    digest: null,
  };
}

function usageOf(value: unknown): Usage | null {
  const usage = record(value);
  return usage === null
    ? null
    : {
        promptTokens: number(usage.prompt_tokens),
        completionTokens: number(usage.completion_tokens),
        costUsd: number(usage.cost_usd),
        sandboxSeconds: number(usage.sandbox_seconds),
      };
}
