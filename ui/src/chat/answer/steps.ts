/* The timeline: what events named delta.janus.event make of it. */
import { number, record, text } from "@/chat/answer/json";
import type { Step } from "@/chat/types";

const MAX = 500; // a competitor may say that it does something as often as it likes
const DETAIL = 8192;

type Payload = Record<string, unknown>;

const show = (value: unknown): string =>
  value === undefined || value === null ? "" : (typeof value === "string" ? value : JSON.stringify(value)).slice(0, DETAIL / 2);

const words = (name: string): string => {
  const plain = name.replaceAll("_", " ").slice(0, 120);
  return plain.charAt(0).toUpperCase() + plain.slice(1);
};

const made = (id: string, kind: Step["kind"], title: string, at: number, more: Partial<Step> = {}): Step => ({
  id,
  kind,
  title: title.slice(0, 200),
  detail: "",
  state: "running",
  at,
  ms: null,
  costUsd: null,
  ...more,
});

function add(steps: Step[], it: Step): Step[] {
  if (steps.length < MAX) return [...steps, it];
  const last = steps.at(-1) as Step;
  const more = last.id === "more" ? Number(last.detail) + 1 : 2; // the one that gives its place too
  const counted = made("more", "other", "More steps than are shown", it.at, { state: "done", detail: String(more) });
  return [...steps.slice(0, MAX - 1), counted];
}

/** Steps that run are ended; failed: by something that went wrong. only: of these kinds. */
export function closeSteps(steps: Step[], at: number, failed: boolean, only: (kind: Step["kind"]) => boolean = () => true): Step[] {
  if (!steps.some((it) => it.state === "running" && only(it.kind))) return steps;
  return steps.map((it) =>
    it.state === "running" && only(it.kind) ? { ...it, state: failed ? "failed" : "done", ms: Math.max(0, at - it.at) } : it,
  );
}

/** What a step tells of itself at its end. */
function ended(it: Step, payload: Payload, at: number): Step {
  const said = number(payload.duration_ms) ?? (number(payload.seconds) === null ? null : Number(payload.seconds) * 1000);
  const output = show(payload.output ?? payload.error);
  return {
    ...it,
    state: payload.ok === false || text(payload.error) !== null ? "failed" : "done",
    ms: said ?? Math.max(0, at - it.at),
    costUsd: number(payload.cost_usd),
    detail: [it.detail, output].filter((part) => part !== "").join("\n"),
  };
}

function endOf(steps: Step[], id: string, kind: Step["kind"], title: string, payload: Payload, at: number): Step[] {
  const place = steps.findLastIndex((it) => it.id === id && it.state === "running");
  if (place >= 0) return steps.map((it, i) => (i === place ? ended(it, payload, at) : it));
  return add(steps, ended(made(id, kind, title, at), payload, at)); // its start was not seen
}

/** One that goes on until something else comes: told again, it is the same step. */
function goesOn(steps: Step[], kind: Step["kind"], title: string, detail: string, at: number): Step[] {
  const last = steps.at(-1);
  if (last?.kind === kind && last.state === "running")
    return [...steps.slice(0, -1), { ...last, title: title.slice(0, 200), detail }];
  return add(steps, made(kind, kind, title, at, { detail }));
}

const waits = new Set<Step["kind"]>(["queued", "pulling", "starting", "progress"]);

/** The steps after the event name with its payload, at ms after the request. */
export function step(before: Step[], name: string, payload: Payload, at: number): Step[] {
  const is = (kind: Step["kind"]) => kind === name;
  const steps = closeSteps(before, at, false, (kind) => waits.has(kind) && !is(kind));
  const tool = text(payload.name) ?? "tool";
  const toolId = `tool:${text(payload.id) ?? tool}`;
  const box = `sandbox:${text(payload.sandbox_id) ?? ""}`;
  switch (name) {
    case "tool_start":
      return add(steps, made(toolId, "tool", tool, at, { detail: show(payload.input) }));
    case "tool_end":
      return endOf(steps, toolId, "tool", tool, payload, at);
    case "sandbox_start":
      return add(steps, made(box, "sandbox", "Sandbox", at, { detail: [show(payload.agent), show(payload.model)].filter(Boolean).join(", ") }));
    case "sandbox_end":
      return endOf(steps, box, "sandbox", "Sandbox", payload, at);
    case "queued": {
      const eta = number(payload.eta_seconds);
      const place = number(payload.position);
      return goesOn(steps, "queued", place === null ? "In the queue" : `In the queue, place ${place}`, eta === null ? "" : `about ${eta} s`, at);
    }
    case "pulling":
      return goesOn(steps, "pulling", "Fetching the competitor", show(payload.message), at);
    case "starting":
      return goesOn(steps, "starting", "Starting the competitor", show(payload.message), at);
    case "failover":
      return add(steps, made("failover", "failover", `${text(payload.from) ?? "It"} failed, ${text(payload.to) ?? "another"} goes on`, at, { state: "done", ms: 0, detail: show(payload.code) }));
    case "progress":
      if (text(payload.code) !== null)
        return add(steps, made("notice", "progress", text(payload.message) ?? words(String(payload.code)), at, { state: "failed", ms: 0, detail: show(payload.reason) }));
      return goesOn(steps, "progress", text(payload.message) ?? words(text(payload.stage) ?? "working"), "", at);
    case "artifact":
    case "artifacts":
    case "done":
      return steps;
    default:
      return add(steps, made(`other:${name}`, "other", words(name), at, { state: "done", ms: 0, detail: Object.keys(payload).length > 0 ? show(payload) : "", costUsd: number(payload.cost_usd) }));
  }
}

/** Calls of tools that the client would have to make: shown, as nobody makes them here. */
export function addToolCalls(before: Step[], calls: unknown[], at: number): Step[] {
  let steps = before;
  for (const value of calls) {
    const call = record(value);
    const fn = record(call?.function);
    if (call === null || fn === null) continue;
    const id = `call:${number(call.index) ?? 0}`;
    const place = steps.findIndex((it) => it.id === id);
    const more = show(fn.arguments);
    if (place < 0) steps = add(steps, made(id, "tool", `Asks for ${text(fn.name) ?? "a tool"}`, at, { detail: more }));
    else steps = steps.map((it, i) => (i === place ? { ...it, detail: (it.detail + more).slice(0, DETAIL) } : it));
  }
  return steps;
}
