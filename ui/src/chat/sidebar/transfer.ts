/*
 * Chats as a file and back.  A file may be anything: it is looked at member by member before
 * anything of it is kept, gets new ids throughout, and so can replace nothing that is there.
 */
import { array, number, record, text } from "@/chat/answer/json";
import { newId } from "@/chat/store/chats";
import type { Answer, Artifact, Attachment, Message, Session, Step, Usage } from "@/chat/types";
import type { Failure } from "@/lib/errors";

const FORMAT = "janus.chats";
const FILE_MAX = 256 * 1024 * 1024;
const MESSAGES_MAX = 100_000;

export interface Transfer {
  session: Session;
  messages: Message[];
  blobs: { id: string; blob: Blob }[];
}

/* --- out ------------------------------------------------------------------------------------ */

async function base64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let binary = "";
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}

export async function toFile(chats: Transfer[], now = new Date()): Promise<Blob> {
  const parts: string[] = [`{"format":"${FORMAT}","version":1,"exported_at":${JSON.stringify(now.toISOString())},"chats":[`];
  for (const [i, { session, messages, blobs }] of chats.entries()) {
    parts.push(`${i > 0 ? "," : ""}{"session":${JSON.stringify(session)},"messages":${JSON.stringify(messages)},"files":[`);
    for (const [k, { id, blob }] of blobs.entries())
      parts.push(`${k > 0 ? "," : ""}${JSON.stringify({ id, type: blob.type, base64: await base64(blob) })}`);
    parts.push("]}");
  }
  parts.push("]}\n");
  return new Blob(parts, { type: "application/json" });
}

/* --- in ------------------------------------------------------------------------------------- */

/** Why a file is not taken, in words for who chose it. */
export class ImportError extends Error {}

const fail = (where: string, wanted: string): never => {
  throw new ImportError(`${where} should be ${wanted}. Nothing was imported.`);
};

const object = (value: unknown, where: string): Record<string, unknown> => record(value) ?? fail(where, "an object");
const list = (value: unknown, where: string): unknown[] => (Array.isArray(value) ? value : fail(where, "a list"));
const string = (value: unknown, where: string): string => (typeof value === "string" ? value : fail(where, "a text"));
const time = (value: unknown, where: string): number =>
  number(value) !== null && Number(value) < 8.64e15 ? Number(value) : fail(where, "a time in ms");

const oneOf = <T extends string>(value: unknown, all: readonly T[], fallback: T): T => all.find((it) => it === value) ?? fallback;

function failureFrom(value: unknown): Failure | null {
  const it = record(value);
  if (it === null) return null;
  return {
    status: number(it.status) ?? 0,
    code: text(it.code) ?? "error",
    message: text(it.message) ?? "It failed.",
    param: text(it.param),
    requestId: text(it.requestId),
    retryable: it.retryable === true,
    fault: text(it.fault),
    retryAfter: number(it.retryAfter),
  };
}

function stepFrom(value: unknown): Step | null {
  const it = record(value);
  if (it === null) return null;
  const state = oneOf(it.state, ["running", "done", "failed"] as const, "done");
  return {
    id: text(it.id) ?? "",
    kind: oneOf(it.kind, ["tool", "sandbox", "queued", "pulling", "starting", "failover", "progress", "other"] as const, "other"),
    title: (text(it.title) ?? "").slice(0, 200),
    detail: (text(it.detail) ?? "").slice(0, 10_000),
    state: state === "running" ? "failed" : state,
    at: number(it.at) ?? 0,
    ms: number(it.ms),
    costUsd: number(it.costUsd),
  };
}

function artifactFrom(value: unknown): Artifact | null {
  const it = record(value);
  const id = text(it?.id);
  if (it === null || id === null) return null;
  const url = text(it.url);
  const why = record(it.unavailable);
  return {
    id,
    name: text(it.name) ?? id,
    mime: text(it.mime) ?? "application/octet-stream",
    type: oneOf(it.type, ["image", "file", "dataset", "binary"] as const, "file"),
    bytes: number(it.bytes) ?? 0,
    sha256: text(it.sha256) ?? "",
    url: url?.startsWith("/v1/artifacts/") ? url : null,
    unavailable:
      why !== null || !url?.startsWith("/v1/artifacts/")
        ? { reason: text(why?.reason) ?? "imported", message: text(why?.message) ?? "The file does not say where it is." }
        : null,
  };
}

function usageFrom(value: unknown): Usage | null {
  const it = record(value);
  if (it === null) return null;
  return {
    promptTokens: number(it.promptTokens),
    completionTokens: number(it.completionTokens),
    costUsd: number(it.costUsd),
    sandboxSeconds: number(it.sandboxSeconds),
  };
}

const present = <T>(values: (T | null)[]): T[] => values.filter((it) => it !== null);

/** An answer of a file is over: no stream is followed because a file says so. */
function answerFrom(value: unknown, where: string): Answer {
  const it = object(value, where);
  const state = oneOf(it.state, ["waiting", "streaming", "done", "stopped", "failed"] as const, "done");
  const clock = record(it.clock);
  return {
    state: state === "waiting" || state === "streaming" ? "stopped" : state,
    text: string(it.text, `${where}.text`),
    reasoning: text(it.reasoning) ?? "",
    reasoningMs: number(it.reasoningMs),
    steps: present(array(it.steps).slice(0, 500).map(stepFrom)),
    artifacts: present(array(it.artifacts).slice(0, 200).map(artifactFrom)),
    failure: failureFrom(it.failure),
    finishReason: text(it.finishReason),
    model: text(it.model) ?? "janus",
    competitor: text(it.competitor),
    digest: text(it.digest),
    requestId: text(it.requestId),
    traceId: text(it.traceId),
    streamId: null,
    seq: 0,
    attempts: number(it.attempts),
    queueMs: number(it.queueMs),
    ttftMs: number(it.ttftMs),
    maxGapMs: number(it.maxGapMs),
    durationMs: number(it.durationMs),
    usage: usageFrom(it.usage),
    clock: { startedAt: number(clock?.startedAt) ?? 0, lastAt: null, reasoningAt: null },
  };
}

function attachmentFrom(value: unknown, where: string, ids: Map<string, string>): Attachment {
  const it = object(value, where);
  const before = string(it.id, `${where}.id`);
  const id = ids.get(before) ?? newId();
  ids.set(before, id);
  return {
    id,
    name: string(it.name, `${where}.name`).slice(0, 255),
    mime: text(it.mime) ?? "application/octet-stream",
    bytes: number(it.bytes) ?? 0,
    kind: oneOf(it.kind, ["image", "file"] as const, "file"),
    fileId: text(it.fileId),
  };
}

function messagesFrom(values: unknown[], where: string, files: Map<string, string>): { messages: Message[]; ids: Map<string, string> } {
  if (values.length > MESSAGES_MAX) fail(where, `no more than ${MESSAGES_MAX} messages`);
  const ids = new Map<string, string>();
  for (const [i, value] of values.entries()) {
    const id = string(object(value, `${where}[${i}]`).id, `${where}[${i}].id`);
    if (ids.has(id)) fail(`${where}[${i}].id`, "an id that no other message has");
    ids.set(id, newId());
  }
  const messages = values.map((value, i): Message => {
    const at = `${where}[${i}]`;
    const it = object(value, at);
    const role = it.role === "user" || it.role === "assistant" ? it.role : fail(`${at}.role`, '"user" or "assistant"');
    const parent = it.parent === null ? null : (ids.get(string(it.parent, `${at}.parent`)) ?? null);
    return {
      id: ids.get(it.id as string) as string,
      parent,
      role,
      createdAt: time(it.createdAt, `${at}.createdAt`),
      text: string(it.text, `${at}.text`),
      attachments: list(it.attachments ?? [], `${at}.attachments`).map((one, k) => attachmentFrom(one, `${at}.attachments[${k}]`, files)),
      answer: role === "assistant" ? answerFrom(it.answer, `${at}.answer`) : null,
    };
  });
  noCircle(messages, where);
  return { messages, ids };
}

function noCircle(messages: Message[], where: string) {
  const parents = new Map(messages.map((it) => [it.id, it.parent]));
  const good = new Set<string>();
  for (const { id } of messages) {
    const way = new Set<string>();
    for (let at: string | null | undefined = id; at !== null && at !== undefined && !good.has(at); at = parents.get(at)) {
      if (way.has(at)) fail(where, "a tree, and not a circle of messages");
      way.add(at);
    }
    for (const it of way) good.add(it);
  }
}

function blobFrom(value: unknown, where: string, files: Map<string, string>): { id: string; blob: Blob } | null {
  const it = object(value, where);
  const id = files.get(string(it.id, `${where}.id`));
  if (id === undefined) return null; // no message has it
  const mime = /^[\w.+-]{1,64}\/[\w.+-]{1,64}$/.test(text(it.type) ?? "") ? String(it.type) : "application/octet-stream";
  try {
    const binary = atob(string(it.base64, `${where}.base64`));
    return { id, blob: new Blob([Uint8Array.from(binary, (c) => c.charCodeAt(0))], { type: mime }) };
  } catch (error) {
    if (error instanceof ImportError) throw error;
    return fail(`${where}.base64`, "base64");
  }
}

function chatFrom(value: unknown, where: string): Transfer {
  const it = object(value, where);
  const session = object(it.session, `${where}.session`);
  const files = new Map<string, string>();
  const { messages, ids } = messagesFrom(list(it.messages, `${where}.messages`), `${where}.messages`, files);
  const blobs = list(it.files ?? [], `${where}.files`).map((one, k) => blobFrom(one, `${where}.files[${k}]`, files));
  const tip = typeof session.tip === "string" ? (ids.get(session.tip) ?? null) : null;
  return {
    session: {
      id: newId(),
      title: (text(string(session.title, `${where}.session.title`).trim()) ?? "Imported chat").slice(0, 200),
      isNamed: session.isNamed === true,
      isPinned: session.isPinned === true,
      model: (text(session.model) ?? "janus").slice(0, 200),
      tip: tip ?? messages.at(-1)?.id ?? null,
      createdAt: time(session.createdAt, `${where}.session.createdAt`),
      updatedAt: time(session.updatedAt, `${where}.session.updatedAt`),
    },
    messages,
    blobs: present(blobs),
  };
}

/** The chats of a file; throws an ImportError that says what is wrong with it. */
export async function fromFile(file: Blob): Promise<Transfer[]> {
  if (file.size > FILE_MAX) throw new ImportError(`The file is larger than ${FILE_MAX / 1024 / 1024} MiB. Nothing was imported.`);
  let body: unknown;
  try {
    body = JSON.parse(await file.text());
  } catch {
    throw new ImportError("The file is not JSON, or it ends early. Nothing was imported.");
  }
  const it = record(body);
  if (it?.format !== FORMAT) throw new ImportError("The file is JSON, but not an export of chats. Nothing was imported.");
  if (it.version !== 1) throw new ImportError(`The file is of version ${String(it.version)}, which this page does not know. Nothing was imported.`);
  return list(it.chats, "chats").map((chat, i) => chatFrom(chat, `chats[${i}]`));
}
