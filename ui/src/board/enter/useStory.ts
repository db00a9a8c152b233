/* Follows a submission: its events as they come, again after a break, and what was before we came. */
import { useEffect, useReducer } from "react";
import { isFinal, isRefusal, type Submission, tell, untold } from "@/board/enter/story";
import { type Api, call, type List, withQuery } from "@/lib/api";
import { useKey } from "@/lib/keys";
import { events } from "@/lib/sse";

const PAUSES = [500, 1000, 2000, 5000, 10_000];

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });

export function useStory(id: string | null) {
  const [story, dispatch] = useReducer(tell, untold);
  const key = useKey((state) => state.key);

  useEffect(() => {
    if (id === null) return;
    const stop = new AbortController();
    const { signal } = stop;
    dispatch({ type: "anew" });

    /* When it came into the states that were over before this page followed it. */
    const past = async () => {
      const list = await call<List<Api<"Event">>>(withQuery("/api/v1/events", { object_id: id, order: "asc", limit: 200 }), { signal });
      dispatch({ type: "past", events: list.data });
    };
    const listen = async () => {
      for await (const { data } of events(`/api/v1/submissions/${id}/events`, { signal })) {
        const submission = JSON.parse(data) as Submission;
        dispatch({ type: "seen", submission });
        if (isFinal(submission.state)) return true;
      }
      return false;
    };
    const follow = async () => {
      for (let tries = 0; !signal.aborted; tries++) {
        try {
          if (await listen()) break;
        } catch (error) {
          if (signal.aborted) return;
          if (isRefusal(error)) {
            dispatch({ type: "refused", error });
            return;
          }
        }
        dispatch({ type: "lost" });
        await pause(PAUSES[Math.min(tries, PAUSES.length - 1)] ?? 0, signal);
      }
      await past().catch(() => undefined); // the times of earlier states stay unknown
    };
    past().catch(() => undefined);
    follow();
    return () => stop.abort();
  }, [id, key]);

  return { story, saw: (submission: Submission) => dispatch({ type: "seen", submission }) };
}
