/*
 * A run as it changes: its states as events while it is under way, and asked for again when the
 * connection broke.
 */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { runPath, useRun } from "@/board/data";
import type { Run } from "@/board/types";
import { events } from "@/lib/sse";

const AGAIN_MS = 2_000;

export const isOver = (run: Pick<Run, "state">): boolean => run.state !== "queued" && run.state !== "running";

/** An event's data as a run; null if it is none. */
function runOf(data: string): Run | null {
  try {
    const run = JSON.parse(data) as Partial<Run> | null;
    return typeof run === "object" && run?.object === "run" ? (run as Run) : null;
  } catch {
    return null;
  }
}

export function useLiveRun(id: string) {
  const queries = useQueryClient();
  const query = useRun(id);
  const [live, setLive] = useState(false);
  const over = query.data === undefined ? null : isOver(query.data);

  useEffect(() => {
    if (over !== false) return;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = async () => {
      try {
        for await (const event of events(`${runPath(id)}/events`, { signal: stop.signal, timeout: 0 })) {
          const run = runOf(event.data);
          if (run === null) continue;
          setLive(true);
          queries.setQueryData([runPath(id)], run);
        }
      } catch {
        // told below: it is not live, and tried again
      }
      if (stop.signal.aborted) return;
      setLive(false);
      await queries.invalidateQueries({ queryKey: [runPath(id)] });
      timer = setTimeout(follow, AGAIN_MS);
    };
    void follow();
    return () => {
      stop.abort();
      clearTimeout(timer);
      setLive(false);
    };
  }, [id, over, queries]);

  return { ...query, live };
}
