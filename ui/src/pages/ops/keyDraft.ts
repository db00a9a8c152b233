/*
 * What is typed of a key: the body that makes it, the patch that changes it, the command for both.
 */
import type { Api } from "@/lib/api";

export type Key = Api<"Key">;
export const SCOPES = ["chat", "read", "submit", "bench", "arena"] as const;
export const LIMITS = [
  { name: "requests_per_minute", label: "Chats a minute" },
  { name: "concurrency", label: "Chats at once" },
  { name: "tokens_per_minute", label: "Tokens a minute" },
  { name: "usd_per_day", label: "US dollars a day" },
  { name: "usd_per_month", label: "US dollars a month" },
] as const;
type Limit = (typeof LIMITS)[number]["name"];

export interface KeyDraft {
  name: string;
  kind: Key["kind"];
  /** null: those of its kind */
  scopes: readonly string[] | null;
  expiresIn: string;
  limits: Record<Limit, string>;
}

const noLimits = Object.fromEntries(LIMITS.map(({ name }) => [name, ""])) as Record<Limit, string>;
export const newKey: KeyDraft = { name: "", kind: "sk", scopes: null, expiresIn: "", limits: noLimits };

export const draftOfKey = (key: Key): KeyDraft => ({
  name: key.name,
  kind: key.kind,
  scopes: key.scopes,
  expiresIn: "",
  limits: Object.fromEntries(LIMITS.map(({ name }) => [name, key.limits[name] === null ? "" : String(key.limits[name])])) as Record<Limit, string>,
});

/** A number as one; other text as it is, for the gateway to refuse with its reason. */
const limitOf = (text: string): number | string | null =>
  text.trim() === "" ? null : Number.isFinite(Number(text)) ? Number(text) : text.trim();

type Body = Record<string, unknown>;

export function bodyOf(draft: KeyDraft): Body {
  const limits = Object.fromEntries(LIMITS.flatMap(({ name }) => (draft.limits[name].trim() === "" ? [] : [[name, limitOf(draft.limits[name])]])));
  return {
    name: draft.name.trim(),
    kind: draft.kind,
    ...(draft.scopes === null || draft.kind === "ad" ? {} : { scopes: draft.scopes }),
    ...(draft.expiresIn.trim() === "" ? {} : { expires_in: draft.expiresIn.trim() }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

/** Only what differs from the key as it is. */
export function patchOfKey(key: Key, draft: KeyDraft): Body {
  const was = draftOfKey(key);
  const limits = Object.fromEntries(
    LIMITS.flatMap(({ name }) => (draft.limits[name].trim() === was.limits[name] ? [] : [[name, limitOf(draft.limits[name])]])),
  );
  const scopes = draft.scopes ?? [];
  const sameScopes = scopes.length === key.scopes.length && scopes.every((scope) => (key.scopes as string[]).includes(scope));
  return {
    ...(draft.name.trim() === key.name ? {} : { name: draft.name.trim() }),
    ...(sameScopes ? {} : { scopes }),
    ...(draft.expiresIn.trim() === "" ? {} : { expires_in: draft.expiresIn.trim() }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

export function keyCommand(verb: "create" | "update", name: string, body: Body): string {
  const parts: string[] = [`janusctl ${verb} key ${name || "NAME"}`];
  if (verb === "create" && body.kind !== "sk") parts.push(`--kind ${String(body.kind)}`);
  if (verb === "update" && body.name !== undefined) parts.push(`--rename ${String(body.name)}`);
  if (Array.isArray(body.scopes)) parts.push(`--scopes ${body.scopes.join(",")}`);
  if (body.expires_in !== undefined) parts.push(`--expires ${String(body.expires_in)}`);
  // janusctl takes a limit back with 0
  for (const [limit, value] of Object.entries((body.limits as Body | undefined) ?? {})) parts.push(`--${limit.replaceAll("_", "-")} ${value === null ? 0 : String(value)}`);
  return parts.join(" ");
}
