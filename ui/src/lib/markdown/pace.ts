/* How fast a text is shown: a live one takes a third of the page's time at most, a long one comes in parts. */
import { startTransition, useEffect, useLayoutEffect, useReducer, useRef } from "react";

/**
 * The text, or while it is live the text as it was a moment ago: after something that took long to
 * show, the next is shown so much later.
 */
export function usePaced(text: string, live: boolean): string {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const shown = useRef(text);
  const next = useRef(0);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const start = performance.now();
  const value = !live || start >= next.current || !text.startsWith(shown.current) ? text : shown.current;

  useLayoutEffect(() => {
    const took = performance.now() - start;
    if (value !== shown.current || next.current === 0) next.current = start + (took > 4 ? took * 3 : 0);
    shown.current = value;
    if (value === text || timer.current !== undefined) return;
    timer.current = setTimeout(
      () => {
        timer.current = undefined;
        again();
      },
      Math.max(0, next.current - performance.now()),
    );
  });
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return value;
}

/** How much of the text is shown now: at most step more than what was there before, until it is all. */
export function usePart(text: string, target: number, step: number): number {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const there = useRef("");
  const base = text.startsWith(there.current) ? there.current.length : 0;
  const part = cutAt(text, Math.min(target, base + step));

  useEffect(() => {
    there.current = text.slice(0, part);
    if (part < cutAt(text, target)) startTransition(again);
  });
  return part;
}

/** How many of count are shown now: at most step more than before, until it is all. */
export function useSteps(count: number, step: number): number {
  const [, again] = useReducer((n: number) => n + 1, 0);
  const there = useRef(0);
  const shown = Math.min(count, there.current + step);

  useEffect(() => {
    there.current = shown;
    if (shown < count) startTransition(again);
  });
  return shown;
}

/** Where a text is cut for its length: at the end of a line if one is near. */
export function cutAt(text: string, limit: number): number {
  if (text.length <= limit) return text.length;
  const line = text.lastIndexOf("\n", limit - 1);
  return line > limit - 2000 && line > 0 ? line + 1 : limit;
}
