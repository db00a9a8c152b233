/* Files on their way to /v1/files, with progress, which fetch does not tell. */
import { ApiError, badAnswer, failureOf, unreachable } from "@/lib/errors";
import { authorization } from "@/lib/keys";

/** A file that nobody deletes goes after a month; its bytes stay in the browser, and are sent again when needed. */
const KEPT_SECONDS = 30 * 86_400;

/** The id it got; rejects with an ApiError, or AbortError. */
export function upload(blob: Blob, name: string, told: (share: number) => void, signal: AbortSignal): Promise<string> {
  const form = new FormData();
  form.set("purpose", "user_data");
  form.set("expires_after[anchor]", "created_at");
  form.set("expires_after[seconds]", String(KEPT_SECONDS));
  form.set("file", blob, name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener("abort", abort, { once: true });
    request.open("POST", "/v1/files");
    for (const [header, value] of Object.entries(authorization())) request.setRequestHeader(header, value);
    request.responseType = "text";
    request.upload.onprogress = ({ loaded, total }) => told(total > 0 ? loaded / total : 0);
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    request.onerror = () => reject(unreachable(new Error("The file did not arrive.")));
    request.onload = () => {
      const answer = read(request.responseText);
      if (request.status === 200 && typeof (answer as { id?: unknown } | null)?.id === "string") {
        resolve((answer as { id: string }).id);
        return;
      }
      const failure = failureOf(answer, request.status);
      const requestId = request.getResponseHeader("x-request-id");
      reject(failure ? new ApiError({ ...failure, requestId: failure.requestId ?? requestId }) : badAnswer(request.status, requestId, "no file"));
    };
    request.onloadend = () => signal.removeEventListener("abort", abort);
    if (signal.aborted) abort();
    else request.send(form);
  });
}

const read = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
