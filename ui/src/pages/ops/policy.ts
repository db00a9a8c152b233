/*
 * What is said otherwise of one competitor: the fields of its policy, and the patch that an edit makes.
 */
import type { Api } from "@/lib/api";

export type Policy = Api<"Policy">;
export type Draft = Record<string, string>;

export const fields: readonly { name: string; label: string; hint: string; choices?: readonly string[]; isNumber?: boolean }[] = [
  { name: "activation", label: "Activation", hint: "When it runs", choices: ["always", "on-demand", "frozen"] },
  { name: "idle", label: "Idle", hint: "Silence before it sleeps, as 5m" },
  { name: "replicas", label: "Replicas", hint: "Instances of the version that serves", isNumber: true },
  { name: "promotion", label: "Promotion", hint: "What becomes of an accepted version", choices: ["at-once", "by-hand"] },
  { name: "memory", label: "Memory", hint: "As 1GiB" },
  { name: "cpus", label: "CPUs", hint: "As 1.5", isNumber: true },
  { name: "pids", label: "Processes", hint: "At most", isNumber: true },
  { name: "nofile", label: "Open files", hint: "At most", isNumber: true },
  { name: "tmpfs", label: "Scratch space", hint: "As 256MiB" },
  { name: "shm", label: "Shared memory", hint: "As 64MiB" },
  { name: "log", label: "Log kept", hint: "As 8MiB" },
  { name: "start_timeout", label: "Time to start", hint: "As 30s" },
];

const own = (policy: Policy, name: string) => policy.policy[name]?.origin === "competitor";

/** What was said of this competitor; "" where nothing was. */
export const draftOf = (policy: Policy): Draft =>
  Object.fromEntries(fields.map(({ name }) => [name, own(policy, name) ? String(policy.policy[name]?.value ?? "") : ""]));

/** Only what differs: emptied fields take back what was said. A number that is none goes as it is, for the gateway to refuse. */
export function patchOf(policy: Policy, draft: Draft): Record<string, string | number | null> {
  const was = draftOf(policy);
  const patch: Record<string, string | number | null> = {};
  for (const { name, isNumber } of fields) {
    const text = (draft[name] ?? "").trim();
    if (text === was[name]) continue;
    if (text === "") patch[name] = null;
    else patch[name] = isNumber && Number.isFinite(Number(text)) ? Number(text) : text;
  }
  return patch;
}

/** The same for janusctl. */
export const setOptions = (patch: Record<string, string | number | null>): string =>
  Object.entries(patch)
    .map(([name, value]) => ` --set ${name}=${value ?? ""}`)
    .join("");
