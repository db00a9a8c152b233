/* What a user does in a chat: send, regenerate, edit, continue, retry, and show another branch. */
import { toParts } from "@/chat/attach/Attach";
import { newAnswer, reduce } from "@/chat/answer/reduce";
import { type ChatMessage, chat, newIds, plain } from "@/chat/answer/stream";
import { run } from "@/chat/live";
import { addSession, newId, openThread, patchSession, putMessage, titleOf, UNNAMED, useChats } from "@/chat/store/chats";
import { newestBelow, pathTo } from "@/chat/store/tree";
import type { Answer, Attachment, Message } from "@/chat/types";
import { ApiError, unreachable } from "@/lib/errors";

export const GO_ON = "Continue exactly where your last answer stopped. Do not repeat anything of it.";

/** The path as the API takes it: answers that follow each other are one, empty ones are left out. */
export async function messagesOf(path: Message[]): Promise<ChatMessage[]> {
  const all: ChatMessage[] = [];
  for (const { role, text, attachments, answer } of path) {
    const last = all.at(-1);
    if (role === "user") all.push({ role, content: await toParts(text, attachments) });
    else if (!answer?.text) continue;
    else if (last?.role === "assistant") last.content = `${last.content as string}${answer.text}`;
    else all.push({ role, content: answer.text });
  }
  if (all.at(-1)?.role === "assistant") all.push({ role: "user", content: GO_ON });
  return all;
}

/** An answer below a message of a session, by the session's competitor; it becomes the tip. */
async function answerTo(sessionId: string, parent: string): Promise<void> {
  const session = useChats.getState().sessions[sessionId];
  if (session === undefined) return;
  const thread = await openThread(sessionId);
  const now = Date.now();
  const answer = newAnswer(session.model, now, newIds());
  const message: Message = { id: newId(), parent, role: "assistant", createdAt: now, text: "", attachments: [], answer };
  putMessage(sessionId, message);
  patchSession(sessionId, { tip: message.id, updatedAt: now });
  const path = pathTo(thread, parent);
  void run(sessionId, message, (signal) => asked(answer, path, signal));
}

async function* asked(answer: Answer, path: Message[], signal: AbortSignal): AsyncGenerator<Answer> {
  let messages: ChatMessage[];
  try {
    messages = await messagesOf(path);
  } catch (error) {
    // a file that could not be uploaded
    const failure = plain(error instanceof ApiError ? error : unreachable(error));
    yield reduce(answer, { kind: "failed", failure }, Date.now());
    return;
  }
  yield* chat(answer, messages, { signal });
}

/** A new message of the user below parent, and the answer to it. */
async function say(sessionId: string, parent: string | null, text: string, attachments: Attachment[]): Promise<void> {
  const message: Message = { id: newId(), parent, role: "user", createdAt: Date.now(), text, attachments, answer: null };
  putMessage(sessionId, message);
  await answerTo(sessionId, message.id);
}

/** Send, in a session that is made if it is not there yet. */
export async function send(sessionId: string, model: string, text: string, attachments: Attachment[]): Promise<void> {
  const session = useChats.getState().sessions[sessionId] ?? addSession(model, UNNAMED, sessionId);
  await openThread(sessionId);
  if (!session.isNamed && session.title === UNNAMED)
    patchSession(sessionId, { title: titleOf(text || attachments[0]?.name || "") });
  await say(sessionId, useChats.getState().sessions[sessionId]?.tip ?? null, text, attachments);
}

/** Another answer to the same: a sibling. */
export const regenerate = async (sessionId: string, message: Message): Promise<void> => {
  if (message.parent !== null) await answerTo(sessionId, message.parent);
};

/** The same message in other words: a sibling, and an answer to it. */
export const edit = (sessionId: string, message: Message, text: string): Promise<void> =>
  say(sessionId, message.parent, text, message.attachments);

/** Go on after an answer that was stopped, cut or too long. */
export const goOn = (sessionId: string, message: Message): Promise<void> => answerTo(sessionId, message.id);

/** Show a sibling, and what is newest below it. */
export async function showBranch(sessionId: string, messageId: string): Promise<void> {
  const thread = await openThread(sessionId);
  patchSession(sessionId, { tip: newestBelow(thread, messageId) });
}

export const canGoOn = ({ answer }: Message): boolean =>
  answer !== null &&
  answer.text !== "" &&
  (answer.state === "stopped" || answer.state === "failed" || (answer.state === "done" && answer.finishReason === "length"));
