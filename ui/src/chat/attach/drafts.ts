/*
 * The files of messages that are not sent yet, by session.  Bytes are kept in the browser at once;
 * what is no picture is uploaded while the message is written.  A reload brings both back.
 */
import { useEffect } from "react";
import { create } from "zustand";
import { admit, kindOfFile } from "@/chat/attach/rules";
import { upload } from "@/chat/attach/upload";
import { readBlob, write } from "@/chat/store/db";
import type { Attachment } from "@/chat/types";
import { call } from "@/lib/api";
import { fileName } from "@/lib/markdown/clean";

export interface Draft extends Attachment {
  state: "ready" | "uploading" | "failed";
  /** of the upload, 0 to 1 */
  share: number;
}

interface Files {
  drafts: Draft[];
  error: string | null;
}

const NONE: Files = { drafts: [], error: null };
const useFiles = create<Record<string, Files>>(() => ({}));
const memory = new Map<string, Blob>();
const uploads = new Map<string, AbortController>();
const restored = new Set<string>();

const filesOf = (session: string): Files => useFiles.getState()[session] ?? NONE;
const set = (session: string, change: (files: Files) => Partial<Files>): void => {
  const before = filesOf(session);
  useFiles.setState({ [session]: { ...before, ...change(before) } });
  remember(session);
};
const patch = (session: string, id: string, change: Partial<Draft>): void =>
  set(session, ({ drafts }) => ({ drafts: drafts.map((it) => (it.id === id ? { ...it, ...change } : it)) }));

/** The bytes of an attachment, null if the browser has them no more. */
export const bytesOf = async (id: string): Promise<Blob | null> => memory.get(id) ?? (await readBlob(id));

/* --- over a reload ------------------------------------------------------------------------------ */

const key = (session: string) => `janus.files.${session}`;

function remember(session: string): void {
  const { drafts } = filesOf(session);
  try {
    if (drafts.length === 0) localStorage.removeItem(key(session));
    else localStorage.setItem(key(session), JSON.stringify(drafts.map(plain)));
  } catch {
    // full or refused: they live until the page is left
  }
}

/** Without what is only of the draft. */
export const plain = ({ id, name, mime, bytes, kind, fileId }: Attachment): Attachment => ({ id, name, mime, bytes, kind, fileId });

const isAttachment = (value: unknown): value is Attachment => {
  const it = value as Partial<Attachment> | null;
  return (
    typeof it?.id === "string" &&
    typeof it.name === "string" &&
    typeof it.mime === "string" &&
    typeof it.bytes === "number" &&
    (it.kind === "image" || it.kind === "file") &&
    (it.fileId === null || typeof it.fileId === "string")
  );
};

async function restore(session: string): Promise<void> {
  if (restored.has(session)) return;
  restored.add(session);
  let known: unknown;
  try {
    known = JSON.parse(localStorage.getItem(key(session)) ?? "[]");
  } catch {
    return;
  }
  for (const it of Array.isArray(known) ? known.filter(isAttachment) : []) {
    if (filesOf(session).drafts.some(({ id }) => id === it.id)) continue;
    const blob = await bytesOf(it.id);
    if (blob === null) continue;
    const done = it.kind === "image" || it.fileId !== null;
    set(session, ({ drafts }) => ({ drafts: [...drafts, { ...plain(it), state: done ? "ready" : "uploading", share: 0 }] }));
    if (!done) void start(session, it, blob);
  }
}

/* --- what can be done with them ------------------------------------------------------------------ */

async function start(session: string, { id, name }: Attachment, blob: Blob): Promise<void> {
  const abort = new AbortController();
  uploads.set(id, abort);
  patch(session, id, { state: "uploading", share: 0 });
  try {
    const fileId = await upload(blob, name, (share) => patch(session, id, { share }), abort.signal);
    patch(session, id, { state: "ready", fileId });
  } catch (error) {
    if (abort.signal.aborted) return;
    patch(session, id, { state: "failed" });
    set(session, () => ({ error: `${name} was not uploaded: ${error instanceof Error ? error.message : String(error)}` }));
  } finally {
    uploads.delete(id);
  }
}

async function readable(file: File): Promise<boolean> {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false; // a folder, or gone since it was chosen
  }
}

async function add(session: string, files: File[]): Promise<void> {
  const { taken, refused } = admit(files, filesOf(session).drafts);
  const known = new Map<File, Draft>();
  for (const file of taken) {
    const name = fileName(file.name || "pasted");
    const { kind, mime } = kindOfFile(name, file.type);
    const draft: Draft = { id: crypto.randomUUID(), name, mime, bytes: file.size, kind, fileId: null, state: kind === "image" ? "ready" : "uploading", share: 0 };
    known.set(file, draft);
    memory.set(draft.id, file);
  }
  set(session, ({ drafts }) => ({ drafts: [...drafts, ...known.values()], error: refused.join(" ") || null }));
  for (const [file, draft] of known) {
    if (!(await readable(file))) {
      remove(session, draft.id);
      set(session, () => ({ error: `${draft.name} cannot be read. A folder cannot be attached.` }));
      continue;
    }
    void write({ store: "blobs", id: draft.id, put: { id: draft.id, sessionId: session, blob: file } });
    if (draft.kind === "file") void start(session, draft, file);
  }
}

function remove(session: string, id: string): void {
  const draft = filesOf(session).drafts.find((it) => it.id === id);
  uploads.get(id)?.abort();
  memory.delete(id);
  set(session, ({ drafts }) => ({ drafts: drafts.filter((it) => it.id !== id), error: null }));
  void write({ store: "blobs", id, remove: true });
  if (draft?.fileId) void call(`/v1/files/${encodeURIComponent(draft.fileId)}`, { method: "DELETE" }).catch(() => undefined);
}

function retry(session: string, id: string): void {
  const draft = filesOf(session).drafts.find((it) => it.id === id);
  if (draft === undefined || draft.state !== "failed") return;
  set(session, () => ({ error: null }));
  void bytesOf(id).then((blob) => blob && start(session, draft, blob));
}

/** They were sent: the message has them now, and their bytes stay. */
function clear(session: string): void {
  for (const { id } of filesOf(session).drafts) {
    const blob = memory.get(id);
    // a new chat's session came into being only now
    if (blob) void write({ store: "blobs", id, put: { id, sessionId: session, blob } });
  }
  set(session, () => NONE);
}

export interface Drafts extends Files {
  add: (files: File[]) => void;
  remove: (id: string) => void;
  retry: (id: string) => void;
  clear: () => void;
  /** something is being uploaded */
  busy: boolean;
}

export function useDrafts(sessionId: string): Drafts {
  const files = useFiles((all) => all[sessionId] ?? NONE);
  useEffect(() => void restore(sessionId), [sessionId]);
  return {
    ...files,
    busy: files.drafts.some((it) => it.state === "uploading"),
    add: (given) => void add(sessionId, given),
    remove: (id) => remove(sessionId, id),
    retry: (id) => retry(sessionId, id),
    clear: () => clear(sessionId),
  };
}
