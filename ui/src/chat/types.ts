/*
 * What a chat is made of, as it is kept in the browser and as it is shown.  Everything here is plain
 * data that can be cloned into IndexedDB and written to a file.
 */
import type { Failure } from "@/lib/errors";

/** A file that the user gave with a message.  Its bytes are kept beside it, by its id. */
export interface Attachment {
  id: string;
  name: string;
  mime: string;
  bytes: number;
  /** a picture goes into the message as a data: URL, anything else by the id of an upload (/v1/files) */
  kind: "image" | "file";
  fileId: string | null;
}

/** Something that an answer made: the descriptor of docs/api.md, or why it is not there. */
export interface Artifact {
  id: string;
  name: string;
  mime: string;
  type: "image" | "file" | "dataset" | "binary";
  bytes: number;
  sha256: string;
  /** on the page's own origin, signed; null when the artifact is not available */
  url: string | null;
  unavailable: { reason: string; message: string } | null;
}

/** A line of the timeline: what a competitor or Janus said that it did, and when. */
export interface Step {
  /** what its end is found by */
  id: string;
  /** the event's name: tool_start and tool_end are one step, as are sandbox_start and sandbox_end */
  kind: "tool" | "sandbox" | "queued" | "pulling" | "starting" | "failover" | "progress" | "other";
  title: string;
  detail: string;
  state: "running" | "done" | "failed";
  /** ms after the request was sent */
  at: number;
  ms: number | null;
  costUsd: number | null;
}

export interface Usage {
  promptTokens: number | null;
  completionTokens: number | null;
  costUsd: number | null;
  sandboxSeconds: number | null;
}

/** An answer as far as it has come. */
export interface Answer {
  state: "waiting" | "streaming" | "done" | "stopped" | "failed";
  text: string;
  reasoning: string;
  /** from the first to the last piece of reasoning, in ms; null without any */
  reasoningMs: number | null;
  steps: Step[];
  artifacts: Artifact[];
  failure: Failure | null;
  finishReason: string | null;
  /** asked for, e.g. "janus"; competitor and digest are those that answered */
  model: string;
  competitor: string | null;
  digest: string | null;
  requestId: string | null;
  traceId: string | null;
  /** to go on with after a reload, and to stop it; seq is the last event seen */
  streamId: string | null;
  seq: number;
  attempts: number | null;
  queueMs: number | null;
  ttftMs: number | null;
  maxGapMs: number | null;
  durationMs: number | null;
  usage: Usage | null;
  clock: Clock;
}

/** What the times of an answer are measured from, in ms since 1970. */
interface Clock {
  /** when the request was sent */
  startedAt: number;
  /** the last event; null before the first and after a reload, across which no gap is measured */
  lastAt: number | null;
  /** the first piece of reasoning */
  reasoningAt: number | null;
}

/** Messages are a tree: who edits or regenerates adds a sibling; a session shows one path of it. */
export interface Message {
  id: string;
  parent: string | null;
  role: "user" | "assistant";
  createdAt: number;
  /** the user's words; an assistant's are in answer.text */
  text: string;
  attachments: Attachment[];
  answer: Answer | null;
}

export interface Session {
  id: string;
  title: string;
  /** chosen by the user, so that the first message does not name it any more */
  isNamed: boolean;
  isPinned: boolean;
  model: string;
  /** the last message of the path that is shown; null when empty */
  tip: string | null;
  createdAt: number;
  updatedAt: number;
}
