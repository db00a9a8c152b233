/* Messages are a tree: editing and regenerating add siblings, a session shows the path to its tip. */
import type { Message } from "@/chat/types";

export type Thread = Readonly<Record<string, Message>>;

/** From the first message to the tip. A parent that is missing begins the path; a circle ends it. */
export function pathTo(thread: Thread, tip: string | null): Message[] {
  const path: Message[] = [];
  const seen = new Set<string>();
  for (let id = tip; id !== null && !seen.has(id); ) {
    const message: Message | undefined = thread[id];
    if (message === undefined) break;
    seen.add(id);
    path.push(message);
    id = message.parent;
  }
  return path.reverse();
}

/** Every message's siblings, itself among them, oldest first: one pass over a thread. */
export function families(thread: Thread): Map<string | null, Message[]> {
  const all = new Map<string | null, Message[]>();
  for (const message of Object.values(thread)) {
    const family = all.get(message.parent);
    if (family === undefined) all.set(message.parent, [message]);
    else family.push(message);
  }
  for (const family of all.values()) family.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
  return all;
}

/** Down from a message, by the newest child each time. */
export function newestBelow(thread: Thread, from: string): string {
  const all = families(thread);
  const seen = new Set<string>();
  let id = from;
  for (;;) {
    const next = all.get(id)?.at(-1)?.id;
    if (next === undefined || seen.has(next)) return id;
    seen.add(next);
    id = next;
  }
}

/** Where a thread without a usable tip is opened. */
export function anyTip(thread: Thread): string | null {
  const newest = Object.values(thread).reduce<Message | null>((a, b) => (a === null || b.createdAt > a.createdAt ? b : a), null);
  return newest?.id ?? null;
}
