/*
 * The chats of this browser, as the pages show them: every session, and the threads that were opened.
 * What is changed here is shown at once and written by db.ts.
 */
import { create } from "zustand";
import * as db from "@/chat/store/db";
import { anyTip, type Thread } from "@/chat/store/tree";
import type { Message, Session } from "@/chat/types";

interface Removed {
  session: Session;
  thread: Thread;
}

interface Chats {
  /** the list of sessions was read */
  isReady: boolean;
  sessions: Readonly<Record<string, Session>>;
  /** of the sessions that were opened in this page */
  threads: Readonly<Record<string, Thread>>;
  /** the last one that was deleted, as long as it can be had back */
  removed: Removed | null;
}

export const useChats = create<Chats>(() => ({ isReady: false, sessions: {}, threads: {}, removed: null }));
const { getState: get, setState: set } = useChats;

export const newId = (): string => crypto.randomUUID();
const UNDO = 10_000;
const TITLE = 60;

export const UNNAMED = "New chat";

/** The first line of a message, as a title. */
export function titleOf(text: string): string {
  const line = (text.trim().split("\n")[0] ?? "").trim().replace(/\s+/g, " ");
  const cut = [...line];
  return cut.length === 0 ? UNNAMED : cut.length <= TITLE ? line : `${cut.slice(0, TITLE - 1).join("").trimEnd()}…`;
}

let loading: Promise<void> | null = null;
let unlisten = () => undefined as void;

/** Read the list of sessions, once. */
export function load(): Promise<void> {
  loading ??= (async () => {
    const read = await db.readSessions();
    set({ isReady: true, sessions: { ...Object.fromEntries(read.map((it) => [it.id, it])), ...get().sessions } });
    unlisten = db.onChanged(({ sessions, gone }) => void refresh(sessions, gone));
    void db.sweep();
  })();
  return loading;
}

/** A session's messages, from memory or from the store. */
export async function openThread(sessionId: string): Promise<Thread> {
  const known = get().threads[sessionId];
  if (known !== undefined) return known;
  const read = await db.readMessages(sessionId);
  return keepThread(sessionId, read);
}

const strip = ({ sessionId: _, ...message }: db.Kept): Message => message;

/** What was read, but for messages that are newer in memory. */
function keepThread(sessionId: string, read: db.Kept[]): Thread {
  const known = get().threads[sessionId] ?? {};
  const thread = { ...Object.fromEntries(read.map((it) => [it.id, strip(it)])) };
  for (const message of Object.values(known)) if (!(message.id in thread) || isMine(message.id)) thread[message.id] = message;
  set({ threads: { ...get().threads, [sessionId]: thread } });
  const session = get().sessions[sessionId];
  if (session !== undefined && (session.tip === null || !(session.tip in thread))) {
    const tip = anyTip(thread);
    if (tip !== session.tip) set({ sessions: { ...get().sessions, [sessionId]: { ...session, tip } } });
  }
  return thread;
}

/** Messages whose answers come into this page: other tabs' copies of them are older. */
let isMine: (messageId: string) => boolean = () => false;
export const setMine = (mine: (messageId: string) => boolean): void => {
  isMine = mine;
};

async function refresh(changed: string[], gone: string[]): Promise<void> {
  const read = Object.fromEntries((await db.readSessions()).map((it) => [it.id, it]));
  const sessions = { ...get().sessions };
  for (const id of changed) {
    const there = read[id];
    // the path that is shown here stays the one that is shown here
    if (there !== undefined) sessions[id] = { ...there, tip: sessions[id]?.tip ?? there.tip };
  }
  const threads = { ...get().threads };
  for (const id of gone) {
    delete sessions[id];
    delete threads[id];
  }
  set({ sessions, threads });
  for (const id of changed)
    if (id in threads) {
      keepThread(id, await db.readMessages(id));
      const before = get().sessions[id];
      const there = read[id];
      // a message that was added below the one shown here is shown too
      if (before && there?.tip && isBelow(get().threads[id] ?? {}, there.tip, before.tip))
        set({ sessions: { ...get().sessions, [id]: { ...before, tip: there.tip } } });
    }
}

function isBelow(thread: Thread, id: string, above: string | null): boolean {
  const seen = new Set<string>();
  for (let at: string | null = id; at !== null && !seen.has(at); at = thread[at]?.parent ?? null) {
    if (at === above) return true;
    seen.add(at);
  }
  return above === null;
}

export function addSession(model: string, title: string, id = newId(), now = Date.now()): Session {
  const session: Session = { id, title, isNamed: false, isPinned: false, model, tip: null, createdAt: now, updatedAt: now };
  set({ sessions: { ...get().sessions, [id]: session }, threads: { ...get().threads, [id]: {} } });
  void db.write({ store: "sessions", id, put: session });
  return session;
}

export function patchSession(id: string, patch: Partial<Omit<Session, "id">>): void {
  const session = get().sessions[id];
  if (session === undefined) return;
  set({ sessions: { ...get().sessions, [id]: { ...session, ...patch } } });
  void db.write({ store: "sessions", id, patch });
}

export const rename = (id: string, title: string): void => {
  const named = title.trim().slice(0, 200);
  if (named !== "") patchSession(id, { title: named, isNamed: true });
};

/** Shown, and written soon. */
export function putMessage(sessionId: string, message: Message): void {
  if (!(sessionId in get().sessions)) return;
  const thread = get().threads[sessionId] ?? {};
  set({ threads: { ...get().threads, [sessionId]: { ...thread, [message.id]: message } } });
  void db.write({ store: "messages", id: message.id, put: { ...message, sessionId } });
}

let forgetting: ReturnType<typeof setTimeout> | undefined;

/** Gone from the list, and for UNDO ms to be had back; attachments' bytes go when that is over. */
export async function removeSession(id: string): Promise<void> {
  const session = get().sessions[id];
  if (session === undefined) return;
  const thread = await openThread(id);
  forgetRemoved();
  const { [id]: _, ...sessions } = get().sessions;
  const { [id]: __, ...threads } = get().threads;
  set({ sessions, threads, removed: { session, thread } });
  void db.write(
    { store: "sessions", id, remove: true },
    ...Object.keys(thread).map((message) => ({ store: "messages" as const, id: message, remove: true as const })),
  );
  forgetting = setTimeout(forgetRemoved, UNDO);
}

export function forgetRemoved(): void {
  clearTimeout(forgetting);
  const { removed } = get();
  if (removed === null) return;
  set({ removed: null });
  const blobs = Object.values(removed.thread).flatMap((message) => message.attachments);
  void db.write(...blobs.map(({ id }) => ({ store: "blobs" as const, id, remove: true as const })));
}

export function undoRemove(): Session | null {
  clearTimeout(forgetting);
  const { removed } = get();
  if (removed === null) return null;
  set({ removed: null });
  restore(removed.session, Object.values(removed.thread));
  return removed.session;
}

/** A session with all its messages, as from a file. */
export function restore(session: Session, messages: Message[]): void {
  const thread = Object.fromEntries(messages.map((it) => [it.id, it]));
  set({
    sessions: { ...get().sessions, [session.id]: session },
    threads: { ...get().threads, [session.id]: thread },
  });
  void db.write(
    { store: "sessions", id: session.id, put: session },
    ...messages.map((it) => ({ store: "messages" as const, id: it.id, put: { ...it, sessionId: session.id } })),
  );
}

/** For tests: as after a reload. */
export async function forgetChats(): Promise<void> {
  clearTimeout(forgetting);
  unlisten();
  loading = null;
  set({ isReady: false, sessions: {}, threads: {}, removed: null });
  await db.forget();
}
