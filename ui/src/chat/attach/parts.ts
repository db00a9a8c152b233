/* What a message holds, as the API takes it. */
import type { Part } from "@/chat/answer/stream";
import { bytesOf } from "@/chat/attach/drafts";
import { upload } from "@/chat/attach/upload";
import type { Attachment } from "@/chat/types";
import { call } from "@/lib/api";
import { ApiError } from "@/lib/errors";

/** Ids of uploads that the gateway has, by attachment; of this page. */
const there = new Map<string, string>();

async function isThere(fileId: string): Promise<boolean> {
  try {
    await call(`/v1/files/${encodeURIComponent(fileId)}`);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}

/** The id of its upload; what the gateway has no more is sent again. Null if the bytes are gone too. */
async function fileIdOf({ id, name, fileId }: Attachment): Promise<string | null> {
  const known = there.get(id);
  if (known !== undefined) return known;
  let found = fileId !== null && (await isThere(fileId)) ? fileId : null;
  if (found === null) {
    const blob = await bytesOf(id);
    if (blob !== null) found = await upload(blob, name, () => undefined, new AbortController().signal);
  }
  if (found !== null) there.set(id, found);
  return found;
}

function dataUrl(blob: Blob, mime: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("The file cannot be read."));
    reader.readAsDataURL(blob.slice(0, blob.size, mime));
  });
}

async function partOf(attachment: Attachment): Promise<Part> {
  if (attachment.kind === "image") {
    const blob = await bytesOf(attachment.id);
    if (blob !== null) return { type: "image_url", image_url: { url: await dataUrl(blob, attachment.mime) } };
  } else {
    const fileId = await fileIdOf(attachment);
    if (fileId !== null) return { type: "file", file: { file_id: fileId } };
  }
  // of an earlier turn, mostly: the conversation goes on without it, and says so
  return { type: "text", text: `[The file ${JSON.stringify(attachment.name)} was attached here and is not available any more.]` };
}

/** Rejects with an ApiError if a file cannot be uploaded. */
export async function toParts(text: string, attachments: Attachment[]): Promise<string | Part[]> {
  if (attachments.length === 0) return text;
  const parts = await Promise.all(attachments.map(partOf));
  return text === "" ? parts : [{ type: "text", text }, ...parts];
}
