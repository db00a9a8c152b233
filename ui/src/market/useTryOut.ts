/* Would the gateway take this manifest?  Asked a moment after the last change; an answer to an older text is nobody's. */
import { useEffect, useState } from "react";
import { ApiError } from "@/lib/errors";
import { useKey } from "@/lib/keys";
import type { Component } from "@/market/data";
import { parse } from "@/market/manifest";
import { tryOut } from "@/market/send";

export type Trial =
  | { state: "empty" | "no-key" | "asking" }
  | { state: "unreadable"; reason: string }
  | { state: "fine"; component: Component }
  | { state: "refused"; error: ApiError };

const WAIT_MS = 400;

/** paused: it is on its way already. */
export function useTryOut(source: string, paused: boolean): Trial {
  const [trial, setTrial] = useState<Trial>({ state: "empty" });
  const key = useKey((state) => state.key);

  useEffect(() => {
    if (paused) return;
    if (source.trim() === "") return setTrial({ state: "empty" });
    const parsed = parse(source);
    if (!parsed.ok) return setTrial({ state: "unreadable", reason: parsed.reason });
    if (key === "") return setTrial({ state: "no-key" });
    const stop = new AbortController();
    setTrial({ state: "asking" });
    const timer = setTimeout(async () => {
      try {
        const component = await tryOut(parsed.manifest, stop.signal);
        if (!stop.signal.aborted) setTrial({ state: "fine", component });
      } catch (error) {
        if (!stop.signal.aborted && error instanceof ApiError) setTrial({ state: "refused", error });
      }
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [source, key, paused]);
  return trial;
}
