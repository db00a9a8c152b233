/*
 * Streams that are followed while something is shown: begun anew when what is followed changes, and
 * after a while when they broke.
 */
import { useEffect, useRef, useState } from "react";

export type Following = { state: "connecting" | "following" | "ended" } | { state: "broken"; error: unknown };

/**
 * read() brings pieces until the stream ends; onPieces gets what came, at most some times a second.
 * again: begin anew when it has ended or broken, after so many ms.
 */
export function useFollow<T>(
  name: string | null,
  read: (signal: AbortSignal) => AsyncIterable<readonly T[]>,
  onPieces: (pieces: readonly T[]) => void,
  { again = 0 }: { again?: number } = {},
): { following: Following; retry: () => void } {
  const [following, setFollowing] = useState<Following>({ state: "connecting" });
  const [round, setRound] = useState(0);
  const latest = useRef({ read, onPieces });
  latest.current = { read, onPieces };

  // biome-ignore lint/correctness/useExhaustiveDependencies: round begins it anew
  useEffect(() => {
    if (name === null) return;
    const stop = new AbortController();
    let waiting: T[] = [];
    let later: ReturnType<typeof setTimeout> | undefined;
    const flush = setInterval(() => {
      if (waiting.length === 0) return;
      const pieces = waiting;
      waiting = [];
      latest.current.onPieces(pieces);
    }, 200);
    setFollowing({ state: "connecting" });
    (async () => {
      try {
        for await (const pieces of latest.current.read(stop.signal)) {
          if (stop.signal.aborted) return;
          setFollowing((now) => (now.state === "following" ? now : { state: "following" }));
          waiting.push(...pieces);
        }
        if (!stop.signal.aborted) setFollowing({ state: "ended" });
      } catch (error) {
        if (stop.signal.aborted) return;
        setFollowing({ state: "broken", error });
      }
      if (again > 0 && !stop.signal.aborted) later = setTimeout(() => setRound((n) => n + 1), again);
    })();
    return () => {
      stop.abort();
      clearInterval(flush);
      clearTimeout(later);
      if (waiting.length > 0) latest.current.onPieces(waiting);
    };
  }, [name, round, again]);

  return { following, retry: () => setRound((n) => n + 1) };
}
