/* Bytes of the gateway, fetched with the caller's key, and handed to the browser as a file. */
import { send } from "@/lib/api";

/** Give the user bytes as a file of that name. */
export function save(bytes: Blob, name: string): void {
  const url = URL.createObjectURL(bytes);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser may still be reading it
}

/** The name that an answer's head gives its bytes. */
function nameIn(response: Response): string | null {
  const head = response.headers.get("content-disposition") ?? "";
  const coded = /filename\*=UTF-8''([^;]+)/i.exec(head)?.[1];
  try {
    if (coded !== undefined) return decodeURIComponent(coded);
  } catch {
    // the plain one, then
  }
  return /filename="((?:[^"\\]|\\.)*)"/i.exec(head)?.[1]?.replace(/\\(.)/g, "$1") ?? null;
}

/** Fetch path and save it; rejects with an ApiError. */
export async function download(path: string, name?: string): Promise<void> {
  const response = await send(path, { timeout: 0 });
  save(await response.blob(), name ?? nameIn(response) ?? "download");
}
