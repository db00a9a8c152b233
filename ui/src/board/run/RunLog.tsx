/* What a run's worker wrote: for a key with admin. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { runPath } from "@/board/data";
import { Fold } from "@/board/Fold";
import { Notice } from "@/board/run/Notice";
import { send, withQuery } from "@/lib/api";
import { useKey } from "@/lib/keys";
import { readLines } from "@/lib/lines";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";

const LINES = 500;

async function textsOf(response: Response, signal: AbortSignal): Promise<string[]> {
  const texts: string[] = [];
  for await (const { text } of readLines<{ text?: unknown }>(response, signal)) if (typeof text === "string") texts.push(text);
  return texts;
}

function Lines({ run }: { run: string }) {
  const key = useKey((state) => state.key);
  const query = useQuery({
    queryKey: [`${runPath(run)}/logs`, key],
    queryFn: async ({ signal }) => textsOf(await send(withQuery(`${runPath(run)}/logs`, { tail: LINES }), { signal }), signal),
    retry: false,
  });
  if (query.isPending) return <Loading what="the log" />;
  if (query.isError) return <ErrorNotice error={query.error} onRetry={() => query.refetch()} />;
  if (query.data.length === 0) return <Notice>Its worker wrote nothing.</Notice>;
  return (
    <pre className="max-h-96 overflow-auto rounded-xl bg-deep px-4 py-3 font-mono text-xs whitespace-pre-wrap [overflow-wrap:anywhere]" tabIndex={0} aria-label="The worker's log">
      {query.data.join("\n")}
    </pre>
  );
}

export function RunLog({ run }: { run: string }) {
  const has = useKey((state) => state.key !== "");
  const [open, setOpen] = useState(false);
  return (
    <Fold boxed title="The worker's log" onToggle={setOpen}>
      {open && (has ? <Lines run={run} /> : <Notice>It is for a key with the scope admin: the key button at the top takes one.</Notice>)}
    </Fold>
  );
}
