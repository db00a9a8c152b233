/*
 * Where chats are kept: IndexedDB, a record a session, a message, an attachment's bytes.  Writes are
 * gathered by record and tried until they succeed: what could not be written stays in memory, the
 * page goes on, and `useStorage` says so.
 */
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { create } from "zustand";
import type { Message, Session } from "@/chat/types";

export type Kept = Message & { sessionId: string };
interface Blobbed {
  id: string;
  sessionId: string;
  blob: Blob;
}

interface Schema extends DBSchema {
  sessions: { key: string; value: Session };
  messages: { key: string; value: Kept; indexes: { session: string; state: string } };
  blobs: { key: string; value: Blobbed; indexes: { session: string } };
}

type Store = "sessions" | "messages" | "blobs";
type Write =
  | { store: "sessions"; id: string; put: Session }
  | { store: "sessions"; id: string; patch: Partial<Session> }
  | { store: "messages"; id: string; put: Kept }
  | { store: "blobs"; id: string; put: Blobbed }
  | { store: Store; id: string; remove: true };

type StorageState = "ok" | "full" | "refused";
interface StorageStatus {
  state: StorageState;
  message: string;
  /** how many records are only in memory */
  waiting: number;
}
export const useStorage = create<StorageStatus>(() => ({ state: "ok", message: "", waiting: 0 }));

const NAME = "janus-chat";
let opened: Promise<IDBPDatabase<Schema>> | null = null;

function database(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>(NAME, 1, {
    upgrade(db) {
      db.createObjectStore("sessions", { keyPath: "id" });
      const messages = db.createObjectStore("messages", { keyPath: "id" });
      messages.createIndex("session", "sessionId");
      messages.createIndex("state", "answer.state");
      db.createObjectStore("blobs", { keyPath: "id" }).createIndex("session", "sessionId");
    },
    blocking: (_, __, event) => (event.target as IDBDatabase).close(),
    terminated: () => {
      opened = null;
    },
  });
  opened.catch(() => {
    opened = null; // the next one tries again
  });
  return opened;
}

const isFull = (error: unknown): boolean => error instanceof DOMException && error.name === "QuotaExceededError";

function tell(error: unknown) {
  const message = error instanceof Error ? error.message : String(error);
  useStorage.setState({ state: isFull(error) ? "full" : "refused", message, waiting: pending.size });
}

/* --- reading: nothing where it is refused, which useStorage says ---------------------------- */

async function reading<T>(fallback: T, read: (db: IDBPDatabase<Schema>) => Promise<T>): Promise<T> {
  try {
    return await read(await database());
  } catch (error) {
    tell(error);
    return fallback;
  }
}

const mine = <T extends { id: string }>(store: Store, read: T[], also: (it: T) => boolean): T[] => {
  const all = new Map(read.map((it) => [it.id, it]));
  for (const write of pending.values()) {
    if (write.store !== store) continue;
    const known = all.get(write.id);
    if ("remove" in write) all.delete(write.id);
    else if ("put" in write && also(write.put as unknown as T)) all.set(write.id, write.put as unknown as T);
    else if ("patch" in write && known) all.set(write.id, { ...known, ...write.patch });
  }
  return [...all.values()];
};

export const readSessions = async (): Promise<Session[]> =>
  mine("sessions", await reading<Session[]>([], (db) => db.getAll("sessions")), () => true);

export const readMessages = async (sessionId: string): Promise<Kept[]> =>
  mine(
    "messages",
    await reading<Kept[]>([], (db) => db.getAllFromIndex("messages", "session", sessionId)),
    (it: Kept) => it.sessionId === sessionId,
  );

/** Answers that were not over when they were written last. */
export const readRunning = (): Promise<Kept[]> =>
  reading<Kept[]>([], async (db) => [
    ...(await db.getAllFromIndex("messages", "state", "waiting")),
    ...(await db.getAllFromIndex("messages", "state", "streaming")),
  ]);

export async function readBlob(id: string): Promise<Blob | null> {
  const write = pending.get(`blobs/${id}`);
  if (write && "put" in write) return (write.put as Blobbed).blob;
  if (write) return null;
  return reading<Blob | null>(null, async (db) => (await db.get("blobs", id))?.blob ?? null);
}

/** The sessions of which a message holds these words, told one by one. */
export async function searchMessages(words: string, found: (sessionId: string) => void, signal: AbortSignal): Promise<void> {
  const wanted = words.toLowerCase();
  await reading<void>(undefined, async (db) => {
    let cursor = await db.transaction("messages").store.openCursor();
    while (cursor !== null && !signal.aborted) {
      const { text, answer, sessionId } = cursor.value;
      if (text.toLowerCase().includes(wanted) || answer?.text.toLowerCase().includes(wanted)) found(sessionId);
      cursor = await cursor.continue();
    }
  });
}

/* --- writing -------------------------------------------------------------------------------- */

/** What is not written yet, by record: a later write of one replaces the earlier. */
const pending = new Map<string, Write>();
let flushing: Promise<void> | null = null;

function gather(write: Write) {
  const key = `${write.store}/${write.id}`;
  const before = pending.get(key);
  if ("patch" in write && before && "put" in before && before.store === "sessions")
    pending.set(key, { ...before, put: { ...before.put, ...write.patch } });
  else if ("patch" in write && before && "patch" in before)
    pending.set(key, { ...before, patch: { ...before.patch, ...write.patch } });
  else if (!("patch" in write && before)) pending.set(key, write);
}

/** Written soon; the promise is kept when it was tried. */
export function write(...writes: Write[]): Promise<void> {
  for (const it of writes) gather(it);
  flushing ??= Promise.resolve()
    .then(flush)
    .finally(() => {
      flushing = null;
      if (pending.size > 0 && useStorage.getState().state === "ok") void write(); // came while it ended
    });
  return flushing;
}

/** Try again what could not be written. */
export const writeAgain = (): Promise<void> => write();

async function one(db: IDBPDatabase<Schema>, batch: Write[]): Promise<void> {
  const tx = db.transaction(["sessions", "messages", "blobs"], "readwrite");
  const work = batch.map(async (it) => {
    if ("remove" in it) return tx.objectStore(it.store).delete(it.id);
    if ("patch" in it) {
      // what another tab wrote meanwhile stays, but for what was changed here
      const known = await tx.objectStore("sessions").get(it.id);
      return known && tx.objectStore("sessions").put({ ...known, ...it.patch });
    }
    if (it.store === "messages") return tx.objectStore("messages").put(it.put);
    if (it.store === "blobs") return tx.objectStore("blobs").put(it.put);
    return tx.objectStore("sessions").put(it.put);
  });
  await Promise.all([...work, tx.done]);
}

function written(batch: Write[]) {
  for (const it of batch) if (pending.get(`${it.store}/${it.id}`) === it) pending.delete(`${it.store}/${it.id}`);
  const changed = { sessions: new Set<string>(), gone: new Set<string>() };
  for (const it of batch) {
    if (it.store === "sessions") ("remove" in it ? changed.gone : changed.sessions).add(it.id);
    if (it.store === "messages" && "put" in it) changed.sessions.add(it.put.sessionId);
  }
  if (changed.sessions.size + changed.gone.size > 0)
    channel?.postMessage({ sessions: [...changed.sessions], gone: [...changed.gone] } satisfies Changed);
}

async function flush(): Promise<void> {
  while (pending.size > 0) {
    const batch = [...pending.values()];
    try {
      const db = await database();
      try {
        await one(db, batch);
        written(batch);
      } catch {
        await oneByOne(db, batch); // one record that has no room must not keep the others out
      }
    } catch (error) {
      tell(error);
      return;
    }
  }
  useStorage.setState({ state: "ok", message: "", waiting: 0 });
}

async function oneByOne(db: IDBPDatabase<Schema>, batch: Write[]): Promise<void> {
  let problem: unknown = null;
  for (const it of batch)
    try {
      await one(db, [it]);
      written([it]);
    } catch (error) {
      problem = error;
    }
  if (problem !== null) throw problem;
}

/* --- other tabs ----------------------------------------------------------------------------- */

export interface Changed {
  sessions: string[];
  gone: string[];
}

const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(NAME);

/** What other tabs have written. */
export function onChanged(listener: (changed: Changed) => void): () => void {
  const listen = ({ data }: MessageEvent<Changed>) => listener(data);
  channel?.addEventListener("message", listen);
  return () => channel?.removeEventListener("message", listen);
}

/** Bytes of sessions that are gone, left by a page that was closed before it could remove them. */
export async function sweep(): Promise<void> {
  await reading<void>(undefined, async (db) => {
    const tx = db.transaction(["sessions", "messages", "blobs"], "readwrite");
    const alive = new Set(await tx.objectStore("sessions").getAllKeys());
    for (const store of ["messages", "blobs"] as const) {
      let cursor = await tx.objectStore(store).index("session").openKeyCursor();
      while (cursor !== null) {
        if (!alive.has(cursor.key)) await tx.objectStore(store).delete(cursor.primaryKey);
        cursor = await cursor.continue();
      }
    }
    await tx.done;
  });
}

/** For tests: as after a reload. */
export async function forget(): Promise<void> {
  await flushing;
  pending.clear();
  (await opened?.catch(() => null))?.close();
  opened = null;
  useStorage.setState({ state: "ok", message: "", waiting: 0 });
}
