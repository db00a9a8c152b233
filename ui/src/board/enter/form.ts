/*
 * What is to be submitted, as it is typed: kept for the tab, so that neither a rejection nor a reload
 * loses it; the request it makes, and the same as a command.
 */
import { create } from "zustand";
import { checkDigest, checkImage, checkManifestText, checkName, checkUrl, type Limits, type Verdict } from "@/board/enter/validate";
import type { Api } from "@/lib/api";

export type Kind = "image" | "url" | "bundle";
export interface Draft {
  kind: Kind;
  name: string;
  image: string;
  url: string;
  /** the digest of an archive that was sent */
  bundle: string;
  /** a manifest's JSON; "" for the image's own */
  manifest: string;
  checkOnly: boolean;
}
export type Fault = Partial<Record<"name" | Kind | "manifest", string>>;

export const blank: Draft = { kind: "image", name: "", image: "", url: "", bundle: "", manifest: "", checkOnly: false };

const NAME = "janus.submission.draft";
const SENT = "janus.submission.sent";

function stored(): Draft {
  try {
    const parsed: unknown = JSON.parse(kept(NAME) || "null");
    if (parsed === null || typeof parsed !== "object") return blank;
    const draft = { ...blank };
    for (const [key, value] of Object.entries(parsed))
      if (key in blank && typeof value === typeof blank[key as keyof Draft]) Object.assign(draft, { [key]: value });
    return ["image", "url", "bundle"].includes(draft.kind) ? draft : blank;
  } catch {
    return blank;
  }
}

interface DraftState {
  draft: Draft;
  /** the draft as JSON that was submitted last: the gateway need not be asked whether it would take it */
  sent: string;
  change: (part: Partial<Draft>) => void;
  markSent: () => void;
}

function kept(name: string): string {
  try {
    return sessionStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}
function keep(name: string, text: string) {
  try {
    sessionStorage.setItem(name, text);
  } catch {
    // storage is refused: it lives as long as the page
  }
}

export const useDraft = create<DraftState>((set, get) => ({
  draft: stored(),
  sent: kept(SENT),
  change: (part) => {
    const draft = { ...get().draft, ...part };
    keep(NAME, JSON.stringify(draft));
    set({ draft });
  },
  markSent: () => {
    const sent = JSON.stringify(get().draft);
    keep(SENT, sent);
    set({ sent });
  },
}));

const sourceChecks: Record<Kind, (text: string) => Verdict> = {
  image: checkImage,
  url: checkUrl,
  bundle: (text) => (text === "" ? "Choose an archive first: it is sent, and known by its digest then." : checkDigest(text)),
};

/** What is wrong with it in plain sight. */
export function faultsOf(draft: Draft, limits: Limits): Fault {
  const faults: Fault = {};
  const add = (field: keyof Fault, verdict: Verdict) => {
    if (verdict !== null) faults[field] = verdict;
  };
  if (!draft.checkOnly || draft.name !== "") add("name", checkName(draft.name));
  add(draft.kind, sourceChecks[draft.kind](draft[draft.kind]));
  add("manifest", checkManifestText(draft.manifest, limits));
  return faults;
}

/** The body of POST /api/v1/submissions; the draft's manifest must be JSON. */
export function requestOf(draft: Draft): Api<"SubmissionNew"> {
  return {
    ...(draft.name !== "" ? { name: draft.name } : {}),
    [draft.kind]: draft[draft.kind],
    ...(draft.manifest.trim() !== "" ? { manifest: JSON.parse(draft.manifest) as Record<string, never> } : {}),
    ...(draft.checkOnly ? { check_only: true } : {}),
  };
}

const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The same on a command line. */
export function commandOf(draft: Draft): string {
  const what = draft.kind === "bundle" ? "owl.tar" : quoted(draft[draft.kind] || (draft.kind === "image" ? "host/team/owl:3" : "http://127.0.0.1:9001"));
  const manifest = draft.manifest.trim();
  const words =
    draft.checkOnly && draft.kind !== "bundle"
      ? ["janusctl conform", what]
      : ["janusctl submit", draft.kind, what, "--name", quoted(draft.name || "swift-owl"), "--wait"];
  if (manifest !== "") words.push("--manifest -");
  return words.join(" ") + (manifest !== "" ? ` <<'END'\n${manifest}\nEND` : "");
}

/** A field of the manifest's text; undefined if it has none, or is no object. */
export function manifestField(text: string, path: string): unknown {
  try {
    return path.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown> | null | undefined)?.[key], JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** The manifest's text with that field; undefined takes it out, and the last one the text. */
export function withManifestField(text: string, path: string, value: unknown): string {
  const whole = text.trim() === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  const [first = "", second] = path.split(".");
  const before = whole[first];
  const part = second === undefined ? value : { ...(typeof before === "object" ? before : {}), [second]: value };
  const isEmpty = second !== undefined && Object.values(part as object).every((each) => each === undefined);
  const next = Object.fromEntries(
    Object.entries({ ...whole, [first]: isEmpty ? undefined : part }).filter(([, each]) => each !== undefined),
  );
  return Object.keys(next).length === 0 ? "" : JSON.stringify(next, null, 1);
}
