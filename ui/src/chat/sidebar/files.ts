/* Export and import, as the page does them: a download, and a file that was chosen. */
import { fromFile, toFile, type Transfer } from "@/chat/sidebar/transfer";
import { openThread, restore, useChats } from "@/chat/store/chats";
import { readBlob, write } from "@/chat/store/db";

async function collect(sessionId: string): Promise<Transfer | null> {
  const session = useChats.getState().sessions[sessionId];
  if (session === undefined) return null;
  const messages = Object.values(await openThread(sessionId)).sort((a, b) => a.createdAt - b.createdAt);
  const blobs: Transfer["blobs"] = [];
  for (const { id } of messages.flatMap((it) => it.attachments)) {
    const blob = await readBlob(id);
    if (blob !== null) blobs.push({ id, blob });
  }
  return { session, messages, blobs };
}

function download(blob: Blob, name: string) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const stamp = () => new Date().toISOString().slice(0, 10);
const plain = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-|-$/g, "")
    .slice(0, 40) || "chat";

export async function exportOne(sessionId: string): Promise<void> {
  const chat = await collect(sessionId);
  if (chat !== null) download(await toFile([chat]), `janus-${plain(chat.session.title)}-${stamp()}.json`);
}

export async function exportAll(): Promise<void> {
  const all: Transfer[] = [];
  for (const id of Object.keys(useChats.getState().sessions)) {
    const chat = await collect(id);
    if (chat !== null) all.push(chat);
  }
  download(await toFile(all), `janus-chats-${stamp()}.json`);
}

/** The ids of the sessions that were made; throws what is wrong with the file, and then nothing was made. */
export async function importFile(file: Blob): Promise<string[]> {
  const chats = await fromFile(file);
  for (const { session, messages, blobs } of chats) {
    restore(session, messages);
    void write(...blobs.map(({ id, blob }) => ({ store: "blobs" as const, id, put: { id, sessionId: session.id, blob } })));
  }
  return chats.map(({ session }) => session.id);
}
