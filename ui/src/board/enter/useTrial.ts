/* Would the gateway take it?  Asked a moment after the last key was pressed, and never twice at once. */
import { useEffect, useState } from "react";
import { type Draft, type Fault, faultsOf, requestOf } from "@/board/enter/form";
import type { Limits } from "@/board/enter/validate";
import { call } from "@/lib/api";
import { ApiError } from "@/lib/errors";
import { useKey } from "@/lib/keys";

export type Trial =
  | { state: "idle" | "no-key" | "asking" | "fine" }
  | { state: "refused"; error: ApiError; field: keyof Fault | null };

const WAIT_MS = 450;
const FIELDS: ReadonlySet<string> = new Set(["name", "image", "url", "bundle", "manifest"]);

/** Which field a refusal is about. */
export const fieldOf = (error: ApiError): keyof Fault | null =>
  error.param !== null && FIELDS.has(error.param) ? (error.param as keyof Fault) : error.status === 409 && !error.code.startsWith("idempotency") ? "name" : null;

/** paused: it is on its way already.  round: asks anew when it changes. */
export function useTrial(draft: Draft, limits: Limits, paused: boolean, round: number): Trial {
  const [trial, setTrial] = useState<Trial>({ state: "idle" });
  const key = useKey((state) => state.key);
  const body = !paused && Object.keys(faultsOf(draft, limits)).length === 0 ? JSON.stringify(requestOf(draft)) : null;

  useEffect(() => {
    if (body === null || key === "") {
      setTrial({ state: key === "" ? "no-key" : "idle" });
      return;
    }
    const stop = new AbortController();
    setTrial({ state: "asking" });
    const timer = setTimeout(async () => {
      try {
        await call("/api/v1/submissions?dry_run=true", { method: "POST", json: JSON.parse(body), signal: stop.signal });
        setTrial({ state: "fine" });
      } catch (error) {
        if (!stop.signal.aborted && error instanceof ApiError) setTrial({ state: "refused", error, field: fieldOf(error) });
      }
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [body, key, round]);
  return trial;
}
