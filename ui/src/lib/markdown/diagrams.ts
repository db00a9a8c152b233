/*
 * Diagrams are drawn by mermaid in a frame of an opaque origin, which has no network, no storage and
 * no way to this page but messages.  One hidden frame draws all of them, one after the other; what
 * comes back is an SVG that is shown as a picture, in which nothing runs.
 */
import { DIAGRAM_CHARS } from "@/lib/markdown/limits";

export interface Drawing {
  svg: string;
  width: number;
  height: number;
  /** flowchart, sequence, … */
  type: string;
  title: string;
  description: string;
}

const FRAME = "/frame/mermaid.html";
const START_MS = 20_000; // mermaid is a megabyte
const DRAW_MS = 8_000;
const SVG_MAX = 4_000_000;

let frame: HTMLIFrameElement | null = null;
let ready: Promise<void> | null = null;
let last: Promise<unknown> = Promise.resolve();
let number = 0;

/** The next message of the frame that passes; a time limit ends the wait and the frame. */
function message<T>(accept: (data: Record<string, unknown>) => T | undefined, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("message", hear);
    };
    const hear = (event: MessageEvent<unknown>) => {
      if (frame === null || event.source !== frame.contentWindow || event.data === null || typeof event.data !== "object") return;
      const accepted = accept(event.data as Record<string, unknown>);
      if (accepted === undefined) return;
      done();
      resolve(accepted);
    };
    const timer = setTimeout(() => {
      done();
      close();
      reject(new Error(`It was not drawn within ${ms / 1000} s.`));
    }, ms);
    window.addEventListener("message", hear);
  });
}

function close(): void {
  frame?.remove();
  frame = null;
  ready = null;
}

function open(): Promise<void> {
  if (ready !== null) return ready;
  frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-scripts");
  frame.setAttribute("aria-hidden", "true");
  frame.tabIndex = -1;
  frame.title = "Draws diagrams";
  frame.className = "diagram-frame";
  frame.src = FRAME;
  ready = message((data) => (data.ready === true ? true : undefined), START_MS).then(() => undefined);
  ready.catch(close);
  document.body.append(frame);
  return ready;
}

const text = (value: unknown, max = 500): string => (typeof value === "string" ? value.slice(0, max) : "");
const size = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? Math.min(Math.max(value, 16), 8000) : 300);

async function drawNow(source: string, dark: boolean): Promise<Drawing> {
  await open();
  const id = ++number;
  frame?.contentWindow?.postMessage({ id, source, dark }, "*");
  const answer = await message((data) => (data.id === id ? data : undefined), DRAW_MS);
  if (typeof answer.svg !== "string" || answer.svg.length > SVG_MAX) throw new Error(text(answer.error) || "It cannot be drawn.");
  return {
    svg: answer.svg,
    width: size(answer.width),
    height: size(answer.height),
    type: text(answer.type, 40),
    title: text(answer.title),
    description: text(answer.description, 2000),
  };
}

/** Draw it when its turn comes; rejects with what mermaid says against it. */
export function draw(source: string, dark: boolean): Promise<Drawing> {
  if (source.length > DIAGRAM_CHARS) return Promise.reject(new Error("It is too large to be drawn."));
  const turn = last.then(() => drawNow(source, dark));
  last = turn.catch(() => undefined);
  return turn;
}
