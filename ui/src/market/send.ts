/* What changes the marketplace: submit, and what a review makes of it.  Each is done once, however often it is tried. */
import { bytesToHex, randomBytes } from "@noble/hashes/utils.js";
import { call } from "@/lib/api";
import { type Component, PATH, refOf } from "@/market/data";

export type Act = "approve" | "reject" | "deprecate";

const once = () => ({ "idempotency-key": bytesToHex(randomBytes(16)) });

export const submit = (manifest: Record<string, unknown>) => call<Component>(PATH, { json: manifest, headers: once() });

/** Would it be taken?  Nothing is kept. */
export const tryOut = (manifest: Record<string, unknown>, signal: AbortSignal) =>
  call<Component>(`${PATH}?dry_run=true`, { json: manifest, signal });

/** Of the version that is shown, as it is shown: if it has changed since, it is refused. */
export const review = (component: Component, act: Act, reason: string) =>
  call<Component>(`${PATH}/${encodeURIComponent(refOf(component))}/${act}`, {
    json: reason === "" ? {} : { reason },
    headers: once(),
  });

export const retire = (component: Component) =>
  call<{ deleted: true }>(`${PATH}/${encodeURIComponent(refOf(component))}`, {
    method: "DELETE",
    headers: { "if-match": `"${component.etag}"` },
  });
