/*
 * What the gateway would refuse, said while it is typed: names, references, addresses, digests and
 * manifests, by the rules of docs/miner.md.  Each answers a sentence, or null where all is well.  The
 * gateway has the last word (a dry run); these only spare asking it what is wrong in plain sight.
 */
export type Verdict = string | null;

const RESERVED = new Set(["janus", "janus-fast", "janus-cheap", "champion", "all", "none", "default"]);

export function checkName(name: string): Verdict {
  if (name === "") return "A name is needed: it is what the competitor is called, and chats ask for.";
  if (/[A-Z]/.test(name)) return "Lower-case letters only.";
  if (!/^[a-z0-9-]*$/.test(name)) return "Only a to z, 0 to 9 and hyphens.";
  if (name.length > 40) return `At most 40 characters; these are ${name.length}.`;
  if (name.startsWith("-") || name.endsWith("-")) return "No hyphen at the beginning or end.";
  if (RESERVED.has(name) || name.startsWith("janus-") || name.startsWith("check-"))
    return `“${name}” is reserved: another name, please.`;
  return null;
}

const component = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
const host = /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]{2,}\])$/;

function checkHost(text: string): Verdict {
  const port = /:(\d+)$/.exec(text);
  if (port && (Number(port[1]) < 1 || Number(port[1]) > 65535)) return "The registry's port is not 1 to 65535.";
  return host.test(port ? text.slice(0, port.index) : text) ? null : `“${text.slice(0, 80)}” is not a registry's host.`;
}

function checkPath(path: string): Verdict {
  if (path === "") return "The image's name is missing.";
  if (path.length > 255) return "The image's name is longer than 255 characters.";
  for (const part of path.split("/")) {
    if (part === "") return "The image's name has an empty part.";
    if (/[A-Z]/.test(part)) return "The image's name must be lower case.";
    if (!component.test(part)) return "Each part of the name is a to z and 0 to 9, joined by . _ __ or hyphens.";
  }
  return null;
}

/** host/team/owl:3, owl:3, host/team/owl@sha256:… */
export function checkImage(text: string): Verdict {
  if (text === "") return "An image is needed, like host/team/owl:3.";
  if (text.length > 512) return "Longer than 512 characters.";
  if (/[^\x21-\x7e]/.test(text)) return "No spaces, and nothing but ASCII.";
  if (text.includes("://")) return /^https?:/.test(text) ? "That is an address: choose “Address” above, or leave out the scheme." : "Leave out the scheme (docker:// and the like).";
  const at = text.indexOf("@");
  if (at >= 0 && text.includes("/", at)) return "Credentials do not belong in a reference.";
  if (at >= 0) {
    const wrong = checkDigest(text.slice(at + 1));
    if (wrong) return wrong;
  }
  let name = at >= 0 ? text.slice(0, at) : text;
  const slash = name.indexOf("/");
  const first = slash >= 0 ? name.slice(0, slash) : "";
  if (first === "localhost" || /[.:]/.test(first)) {
    const wrong = checkHost(first);
    if (wrong) return wrong;
    name = name.slice(slash + 1);
  }
  const colon = name.indexOf(":");
  if (colon >= 0) {
    const tag = name.slice(colon + 1);
    if (!/^\w[\w.-]*$/.test(tag)) return "A tag is letters, digits, _ . and -, and does not begin with . or -.";
    if (tag.length > 128) return "The tag is longer than 128 characters.";
    name = name.slice(0, colon);
  }
  return checkPath(name);
}

export function checkDigest(text: string): Verdict {
  return /^sha256:[0-9a-f]{64}$/.test(text) ? null : "A digest is sha256: and 64 lower-case hex digits.";
}

/** http://127.0.0.1:9001, https://owl.example/base */
export function checkUrl(text: string): Verdict {
  if (text === "") return "An address is needed, like http://127.0.0.1:9001.";
  if (text.length > 512) return "Longer than 512 characters.";
  const parts = /^https?:\/\/([^/?#]*)(.*)$/i.exec(text);
  if (!parts) return "It must begin with http:// or https://.";
  const [, authority = "", rest = ""] = parts;
  if (authority.includes("@")) return "No user or password in it.";
  const split = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(.*))?$/.exec(authority);
  if (!split) return "It has no valid host.";
  const [, name = "", port] = split;
  if (!name.startsWith("[") && name.split(".").some((label) => label === "" || label.length > 63)) return "It has no valid host.";
  if (/(^|\.)\d[^.]*$/.test(name) && !isIPv4(name)) return "It has no valid host.";
  if (port !== undefined && (!/^[1-9]\d*$/.test(port) || Number(port) > 65535)) return "It has no valid port (1 to 65535).";
  if (rest.includes("?")) return "No query in it.";
  if (rest.includes("#")) return "No fragment in it.";
  if (/[^\x21-\x7e]|[\\"<>^`{|}]/.test(rest)) return "A character of its path must be percent-encoded.";
  if (/%(?![0-9a-fA-F]{2})/.test(rest)) return "A percent-escape of its path is broken.";
  return null;
}

const isIPv4 = (text: string): boolean =>
  /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split(".").every((part) => Number(part) <= 255 && String(Number(part)) === part);

const SIZES: Record<string, number> = {
  "": 1, B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40, kB: 1e3, MB: 1e6, GB: 1e9,
};
const TIMES: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function measure(text: string, units: Record<string, number>, form: RegExp): number | null {
  const parts = form.exec(text);
  const unit = parts ? units[parts[2] ?? ""] : undefined;
  return parts && unit !== undefined ? Number(parts[1]) * unit : null;
}
const written = /^(\d+)([A-Za-z]*)$/;
const told = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/; // as the gateway formats them
/** "512MiB" in bytes, as a manifest has it; null for what is no size. */
export const sizeOf = (text: string): number | null => measure(text, SIZES, written);
/** "30s" in milliseconds; null for what is no duration. */
export const timeOf = (text: string): number | null => measure(text, TIMES, written);

/** What the operator allows at most (GET /api/v1/policy); missing: not known. */
export interface Limits {
  memory?: string | number;
  cpus?: string | number;
  start_timeout?: string | number;
}

const whole = (value: unknown, from: number, to: number): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= from && value <= to;
const textUpTo = (max: number, what: string) => (value: unknown): Verdict =>
  typeof value !== "string" ? `${what} must be a string.` : new TextEncoder().encode(value).length > max ? `${what} is longer than ${max} bytes.` : null;
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/* Set by the platform in every pod. */
const PROMISED = new Set([
  "JANUS_PLATFORM_URL", "JANUS_RUN_TOKEN", "JANUS_COMPETITOR", "OPENAI_BASE_URL", "OPENAI_API_KEY", "SANDY_BASE_URL",
  "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "HOME", "TZ", "PORT",
]);

function checkEnv(value: unknown): Verdict {
  if (!isObject(value)) return "env must be an object of names and strings.";
  const names = Object.entries(value);
  if (names.length > 64) return "env has more than 64 names.";
  for (const [name, text] of names) {
    if (!/^[A-Z_][A-Z0-9_]{0,127}$/.test(name)) return `env: “${name.slice(0, 40)}” must be capitals, digits and _.`;
    if (PROMISED.has(name)) return `env: ${name} is set by the platform.`;
    const wrong = textUpTo(4096, `env: ${name}`)(text);
    if (wrong) return wrong;
  }
  return null;
}

function checkMemory(value: unknown, limits: Limits): Verdict {
  const bytes = typeof value === "string" ? sizeOf(value) : null;
  if (bytes === null) return "resources.memory must be a size in a string, like “512MiB”.";
  if (bytes < 16 * 2 ** 20) return "resources.memory must be at least “16MiB”.";
  const most = typeof limits.memory === "string" ? measure(limits.memory, SIZES, told) : null;
  return most !== null && bytes > most ? `resources.memory asks for ${String(value)}; at most ${limits.memory} are allowed.` : null;
}

function checkCpus(value: unknown, limits: Limits): Verdict {
  if (typeof value !== "number" || value < 0.01 || value > 1024) return "resources.cpus must be a number from 0.01 to 1024.";
  return typeof limits.cpus === "number" && value > limits.cpus ? `resources.cpus asks for ${value}; at most ${limits.cpus} are allowed.` : null;
}

function checkStart(value: unknown, limits: Limits): Verdict {
  const ms = typeof value === "string" ? timeOf(value) : null;
  if (ms === null) return "start_timeout must be a duration in a string, like “30s”.";
  if (ms < 1000 || ms > 3_600_000) return "start_timeout must be from “1s” to “1h”.";
  const most = typeof limits.start_timeout === "string" ? measure(limits.start_timeout, TIMES, told) : null;
  return most !== null && ms > most ? `start_timeout asks for ${String(value)}; at most ${limits.start_timeout} are allowed.` : null;
}

function checkResources(value: unknown, limits: Limits): Verdict {
  if (!isObject(value)) return "resources must be an object with memory and cpus.";
  for (const [name, item] of Object.entries(value)) {
    const wrong = name === "memory" ? checkMemory(item, limits) : name === "cpus" ? checkCpus(item, limits) : `Unknown field “resources.${name.slice(0, 60)}”.`;
    if (wrong) return wrong;
  }
  return null;
}

const note = (name: string) => [name, textUpTo(4096, name)] as const;
const fields = new Map<string, (value: unknown, limits: Limits) => Verdict>([
  ["name", (value) => (typeof value === "string" && /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(value) ? null : "name must be 1 to 40 of a to z, 0 to 9 and inner hyphens.")],
  ["description", textUpTo(511, "description")],
  ["port", (value) => (!whole(value, 1024, 65535) ? "port must be a whole number from 1024 to 65535." : value === 8600 ? "port 8600 is taken by the platform." : null)],
  ["concurrency", (value) => (whole(value, 1, 100_000) ? null : "concurrency must be a whole number from 1 to 100000.")],
  ["engine", (value) => (value === "docker" || value === "sandy" ? null : "engine must be “docker” or “sandy”.")],
  ["resources", checkResources],
  ["start_timeout", checkStart],
  ["env", checkEnv],
  ["capabilities", (value) => (Array.isArray(value) && value.every((word) => typeof word === "string") ? null : "capabilities must be an array of strings.")],
  ...["image", "hotkey", "source", "license", "changelog", "contact", "version"].map(note),
]);

/** A manifest as an object: the first thing that is wrong with it. */
export function checkManifest(manifest: unknown, limits: Limits = {}): Verdict {
  if (!isObject(manifest)) return "A manifest is a JSON object.";
  for (const [name, value] of Object.entries(manifest)) {
    const check = fields.get(name);
    if (!check) return `Unknown field “${name.slice(0, 60)}”. Known are ${[...fields.keys()].join(", ")}.`;
    const wrong = check(value, limits);
    if (wrong) return wrong;
  }
  return new TextEncoder().encode(JSON.stringify(manifest)).length > 64 * 1024 ? "The manifest is larger than 64 KiB." : null;
}

/** The text of a manifest; "" is none at all. */
export function checkManifestText(text: string, limits: Limits = {}): Verdict {
  if (text.trim() === "") return null;
  try {
    return checkManifest(JSON.parse(text), limits);
  } catch (reason) {
    return `This is not JSON: ${reason instanceof Error ? reason.message : String(reason)}`;
  }
}
