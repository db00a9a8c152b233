/* What its instance writes, as it happens; for keys of administrators, whom the gateway lets see it. */
import { useEffect, useRef, useState } from "react";
import { type Api, send } from "@/lib/api";
import { ApiError } from "@/lib/errors";
import { useKey } from "@/lib/keys";
import { Button } from "@/lib/kit/Button";
import { readLines } from "@/lib/lines";

const KEPT = 500;
type Line = Api<"LogLine">;

export function InstanceLog({ instance, over, onKey }: { instance: string; over: boolean; onKey: () => void }) {
  const key = useKey((state) => state.key);
  const mayAsk = key.startsWith("jns_ad_"); // no other kind of key can have the scope
  const [lines, setLines] = useState<Line[]>([]);
  const [error, setError] = useState<unknown>(null);
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    if (!mayAsk || over) return;
    const stop = new AbortController();
    const { signal } = stop;
    setLines([]);
    setError(null);
    const waiting: Line[] = [];
    let frame = 0;
    const show = () => {
      frame = 0;
      const news = waiting.splice(0);
      setLines((before) => [...before, ...news].slice(-KEPT));
    };
    (async () => {
      try {
        const answer = await send(`/api/v1/instances/${instance}/logs?tail=${KEPT}&follow=true`, { signal, timeout: 0 });
        for await (const line of readLines<Line>(answer, signal)) {
          waiting.push(line);
          frame ||= requestAnimationFrame(show);
        }
      } catch (reason) {
        if (!signal.aborted) setError(reason);
      }
    })();
    return () => {
      stop.abort();
      cancelAnimationFrame(frame);
    };
  }, [instance, mayAsk, over, key]);

  useEffect(() => {
    const at = box.current;
    if (at !== null && at.scrollHeight - at.scrollTop - at.clientHeight < 120) at.scrollTop = at.scrollHeight;
  }, [lines]);

  if (over && lines.length === 0) return null;
  return (
    <section aria-label="Log" className="grid gap-3 border-t border-line pt-5">
      <h4 className="font-semibold">Its log</h4>
      {!mayAsk ? (
        <p className="flex flex-wrap items-center gap-3 text-sm text-ink-2">
          <span className="min-w-0 flex-1 basis-52">Logs as they happen are for a key with the scope admin. What it wrote last is shown here if it fails.</span>
          <Button size="small" onClick={onKey}>
            Use another key
          </Button>
        </p>
      ) : lines.length === 0 ? (
        <p className="text-sm text-ink-2">{error === null ? "It has written nothing yet." : error instanceof ApiError ? error.message : "The log broke off."}</p>
      ) : (
        <div ref={box} tabIndex={0} role="log" aria-live="off" aria-label="Log of the instance" className="max-h-64 overflow-auto rounded-xl bg-deep p-3 font-mono text-xs leading-5">
          {lines.map(({ ts, stream, text }, i) => (
            <p key={`${ts}-${i}`} className={`whitespace-pre-wrap [overflow-wrap:anywhere] ${stream === "stderr" ? "text-mango-ink" : ""}`}>
              <span className="text-ink-3 select-none">{ts.slice(11, 19)} </span>
              {text}
            </p>
          ))}
        </div>
      )}
    </section>
  );
}
