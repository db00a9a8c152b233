/*
 * A battle as it comes (docs/arena.md): two answers in one stream, nobody named.  step(battle, event,
 * now) is pure; fight() asks for one and yields it after every event.
 */
import { newAnswer, reduce } from "@/chat/answer/reduce";
import { type ChatMessage, plain } from "@/chat/answer/stream";
import type { Answer } from "@/chat/types";
import { type Api, call, send } from "@/lib/api";
import { ApiError, badAnswer, failureOf, unreachable } from "@/lib/errors";
import { readEvents } from "@/lib/sse";

export type Side = "a" | "b";
export const SIDES = ["a", "b"] as const;
export type Winner = "a" | "b" | "tie" | "bad";
export type Vote = Api<"ArenaVote">;

export interface Battle {
  id: string | null;
  /** ms since 1970 until which it can be voted on; null as long as it is not known */
  expiresAt: number | null;
  /** [DONE] has come: both sides have ended */
  isOver: boolean;
  a: Answer;
  b: Answer;
}

/** The gateway pings every 1.5 s. */
const SILENCE = 20_000;

export const newBattle = (now: number): Battle => ({
  id: null,
  expiresAt: null,
  isOver: false,
  a: newAnswer("janus", now),
  b: newAnswer("janus", now),
});

const isSide = (value: unknown): value is Side => value === "a" || value === "b";

const cut = "The connection ended before this answer did.";

/** Both sides as they are, ended: by the user, or by what failed. */
export function end(battle: Battle, error: unknown, now: number): Battle {
  const event = error === null ? ({ kind: "stopped" } as const) : ({ kind: "failed", failure: plain(error instanceof ApiError ? error : unreachable(error)) } as const);
  return { ...battle, a: reduce(battle.a, event, now), b: reduce(battle.b, event, now) };
}

/** One event's data; what is not understood changes nothing. */
export function step(battle: Battle, data: string, now: number): Battle {
  if (data === "[DONE]") {
    const left = badAnswer(200, null, cut);
    return { ...end(battle, left, now), isOver: true };
  }
  let event: Record<string, unknown>;
  try {
    event = JSON.parse(data) as Record<string, unknown>;
  } catch {
    return battle;
  }
  if (event === null || typeof event !== "object") return battle;
  const failure = event.object === undefined ? failureOf(event, 200) : null;
  if (failure !== null) return end(battle, new ApiError(failure), now);
  if (event.object === "arena.battle" && typeof event.id === "string") {
    const until = typeof event.expires_at === "string" ? Date.parse(event.expires_at) : Number.NaN;
    return { ...battle, id: event.id, expiresAt: Number.isFinite(until) ? until : null };
  }
  const { side } = event;
  if (!isSide(side)) return battle;
  if (event.object === "arena.chunk") return { ...battle, [side]: heard(battle[side], { delta: event.delta }, now) };
  if (event.object === "arena.end") return { ...battle, [side]: ended(battle[side], event, now) };
  return battle;
}

const heard = (answer: Answer, choice: object, now: number): Answer =>
  reduce(answer, { kind: "sse", id: null, data: JSON.stringify({ choices: [{ index: 0, ...choice }] }) }, now);

function ended(before: Answer, event: Record<string, unknown>, now: number): Answer {
  const failure = failureOf(event, 200);
  let answer = before;
  if (failure !== null) answer = reduce(answer, { kind: "failed", failure }, now);
  else {
    answer = heard(answer, { delta: {}, finish_reason: event.finish_reason }, now);
    answer = reduce(answer, { kind: "over" }, now);
  }
  const known = (value: unknown, fallback: number | null) => (typeof value === "number" ? value : fallback);
  return { ...answer, ttftMs: known(event.ttft_ms, answer.ttftMs), durationMs: known(event.duration_ms, answer.durationMs) };
}

/** Ask for a battle; ends with one that is over. Throws an ApiError if there is none, AbortError if it is left. */
export async function* fight(messages: ChatMessage[], signal: AbortSignal): AsyncGenerator<Battle> {
  const response = await send("/v1/arena", {
    json: { stream: true, messages },
    headers: { accept: "text/event-stream" },
    signal,
    timeout: 120_000,
  });
  let battle = newBattle(Date.now());
  try {
    for await (const { data } of readEvents(response, signal, SILENCE)) {
      battle = step(battle, data, Date.now());
      yield battle;
      if (battle.isOver) return;
    }
    throw badAnswer(200, response.headers.get("x-request-id"), cut);
  } catch (error) {
    if (signal.aborted) throw error;
    yield { ...end(battle, error, Date.now()), isOver: true };
  }
}

export const vote = (battle: string, winner: Winner): Promise<Vote> =>
  call<Vote>(`/v1/arena/${encodeURIComponent(battle)}/vote`, {
    json: { winner },
    headers: { "idempotency-key": `vote-${battle}-${winner}` },
  });

/** Both have answered, so that there is something to compare. */
export const canVote = ({ id, isOver, a, b }: Battle): boolean => id !== null && isOver && (a.state === "done" || b.state === "done");

/** What a next prompt goes on from: the conversation so far, with one side's answer. */
export const goneOn = (messages: ChatMessage[], answer: Answer): ChatMessage[] => [...messages, { role: "assistant", content: answer.text }];
