/*
 * Answers that are coming, whatever page is shown: they live here and not in components, so that
 * they go on when another session is looked at.  A frame of the screen shows each at most once.
 */
import { create } from "zustand";
import { isOver, reduce } from "@/chat/answer/reduce";
import { stopStream } from "@/chat/answer/stream";
import { putMessage, setMine, useChats } from "@/chat/store/chats";
import { readMessages, readRunning } from "@/chat/store/db";
import type { Answer, Message } from "@/chat/types";

interface Running {
  sessionId: string;
  message: Message;
  answer: Answer;
  abort: AbortController;
  isStopped: boolean;
  /** when it was written last, and how long to wait before the next time */
  writtenAt: number;
}

const running = new Map<string, Running>();

/** Answers that are coming, by their message's id; as of the last frame. */
export const useLive = create<{ answers: Readonly<Record<string, Answer>> }>(() => ({ answers: {} }));

const isLive = (messageId: string): boolean => running.has(messageId);
setMine(isLive);

/* --- one update of the screen a frame ------------------------------------------------------- */

let isPlanned = false;

function show() {
  if (isPlanned) return;
  isPlanned = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const now = () => {
    if (!isPlanned) return;
    isPlanned = false;
    clearTimeout(timer);
    useLive.setState({ answers: Object.fromEntries([...running].map(([id, it]) => [id, it.answer])) });
  };
  requestAnimationFrame(now);
  timer = setTimeout(now, 250); // a page in the background has no frames
}

/* --- running -------------------------------------------------------------------------------- */

/** A second a write; longer for long answers, so that writing does not take the time of showing. */
const pauseOf = (answer: Answer): number => 1000 + (answer.text.length + answer.reasoning.length) / 200;

function keep(it: Running) {
  it.writtenAt = Date.now();
  putMessage(it.sessionId, { ...it.message, answer: it.answer });
}

/** One page at a time follows an answer and writes it: others wait for it to end, or for that page to be closed. */
async function alone(messageId: string, work: () => Promise<void>): Promise<void> {
  if (navigator.locks === undefined) await work();
  else await navigator.locks.request(`janus.answer.${messageId}`, work);
}

/** Let an answer come: from chat() or follow(). The message is written now, now and then, and at the end. */
export function run(sessionId: string, message: Message, begin: (signal: AbortSignal) => AsyncGenerator<Answer>): Promise<void> {
  return alone(message.id, () => come(sessionId, message, begin));
}

async function come(
  sessionId: string,
  message: Message,
  begin: (signal: AbortSignal) => AsyncGenerator<Answer>,
): Promise<void> {
  const { answer } = message;
  if (answer === null || running.has(message.id)) return;
  const it: Running = { sessionId, message, answer, abort: new AbortController(), isStopped: false, writtenAt: 0 };
  running.set(message.id, it);
  keep(it);
  show();
  try {
    for await (const next of begin(it.abort.signal)) {
      const isNew = it.answer.streamId !== next.streamId;
      it.answer = it.isStopped && isOver(next) ? { ...next, state: "stopped", failure: null } : next;
      if (it.isStopped && isNew) void endStream(it);
      show();
      if (isNew || Date.now() - it.writtenAt > pauseOf(it.answer)) keep(it);
    }
  } catch {
    it.answer = reduce(it.answer, { kind: "stopped" }, Date.now()); // aborted: only by stop() below
  }
  running.delete(message.id);
  keep(it);
  show();
}

async function endStream(it: Running): Promise<void> {
  const { streamId } = it.answer;
  try {
    if (streamId !== null) await stopStream(streamId);
  } catch {
    // the gateway is away, or has no such stream: it ends by itself when nobody follows it
  }
  // its own end comes as an event; where none comes, it is over here all the same
  setTimeout(() => it.abort.abort(), 2000);
}

/** End an answer, at its competitor too, whatever page follows it. */
export function stop({ id, answer }: Message): void {
  const it = running.get(id);
  if (it === undefined) {
    if (answer?.streamId) void stopStream(answer.streamId).catch(() => undefined);
    return;
  }
  if (it.isStopped) return;
  it.isStopped = true;
  if (it.answer.streamId !== null) void endStream(it);
  else if (it.answer.state === "streaming") it.abort.abort(); // it cannot be resumed: leaving ends it
  else setTimeout(() => it.answer.streamId === null && it.abort.abort(), 5000);
}

export const stopSession = (sessionId: string): void => {
  for (const it of running.values()) if (it.sessionId === sessionId) stop(it.message);
};

/** After a reload: follow what had not ended. */
export async function followAll(
  follow: (answer: Answer, options: { signal: AbortSignal }) => AsyncGenerator<Answer>,
): Promise<void> {
  for (const { id, sessionId } of await readRunning())
    void alone(id, async () => {
      // another page may have ended it meanwhile
      const kept = (await readMessages(sessionId)).find((it) => it.id === id);
      if (!kept?.answer || isOver(kept.answer) || !(sessionId in useChats.getState().sessions)) return;
      const { sessionId: _, ...message } = kept;
      const begun = reduce(kept.answer, { kind: "reattached" }, Date.now());
      await come(sessionId, { ...message, answer: begun }, (signal) => follow(begun, { signal }));
    });
}
