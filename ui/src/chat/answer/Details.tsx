/* Who answered, how fast, for how much: a line below an answer that opens into all there is. */
import { useState } from "react";
import { RequestDialog } from "@/chat/answer/RequestDialog";
import type { Answer } from "@/chat/types";
import { compact, duration, number, shortDigest, usd } from "@/lib/format";
import { CopyButton } from "@/lib/kit/CopyButton";
import { Icon } from "@/lib/kit/Icon";

export function Details({ answer }: { answer: Answer }) {
  const [request, setRequest] = useState(false);
  const { usage } = answer;
  const line = [
    answer.competitor ?? answer.model,
    answer.durationMs === null ? "" : duration(answer.durationMs),
    usage?.completionTokens ? `${compact(usage.completionTokens)} tokens` : "",
    usage?.costUsd ? usd(usage.costUsd) : "",
  ].filter((part) => part !== "");
  const rows: [string, string, string?][] = [
    ["Asked for", answer.model],
    ["Answered by", answer.competitor ?? "–"],
    ["Digest", shortDigest(answer.digest), answer.digest ?? undefined],
    ["First token", duration(answer.ttftMs)],
    ["Longest gap", duration(answer.maxGapMs)],
    ["Duration", duration(answer.durationMs)],
    ["Queue", duration(answer.queueMs)],
    ["Attempts", number(answer.attempts)],
    ["Tokens", usage ? `${number(usage.promptTokens)} in, ${number(usage.completionTokens)} out` : "–"],
    ["Cost", usd(usage?.costUsd)],
    ["Sandbox", usage?.sandboxSeconds ? `${number(usage.sandboxSeconds, 1)} s` : "–"],
    ["Finish", answer.finishReason ?? answer.state],
  ];
  return (
    <details className="group text-xs text-ink-3" data-testid="answer-details">
      <summary className="inline-flex min-h-9 cursor-pointer list-none items-center gap-1.5 rounded-full pr-2 tabular-nums hover:text-ink-2 [&::-webkit-details-marker]:hidden">
        <Icon name="right" className="size-3.5 transition-transform group-open:rotate-90" />
        <span className="[overflow-wrap:anywhere]">{line.join(" · ")}</span>
      </summary>
      <dl className="mt-1 grid grid-cols-[repeat(auto-fill,minmax(9.5rem,1fr))] gap-x-6 gap-y-2.5 rounded-xl border border-line bg-card/60 p-4">
        {rows.map(([name, value, title]) => (
          <div key={name} className="min-w-0">
            <dt>{name}</dt>
            <dd title={title} className="truncate text-sm text-ink tabular-nums">
              {value}
            </dd>
          </div>
        ))}
        {answer.requestId !== null && (
          <div className="col-span-full flex min-w-0 flex-wrap items-center gap-x-2">
            <dt>Request</dt>
            <dd className="flex min-w-0 items-center gap-1">
              <button
                type="button"
                onClick={() => setRequest(true)}
                className="min-h-6 min-w-0 text-left font-mono break-all text-ink-2 underline hover:text-ink"
              >
                {answer.requestId}
              </button>
              <CopyButton text={answer.requestId} label="Copy the request id" />
            </dd>
          </div>
        )}
        {answer.traceId !== null && (
          <div className="col-span-full flex min-w-0 flex-wrap items-center gap-x-2">
            <dt>Trace</dt>
            <dd className="flex min-w-0 items-center gap-1">
              <span className="font-mono break-all text-ink-2">{answer.traceId}</span>
              <CopyButton text={answer.traceId} label="Copy the trace id" />
            </dd>
          </div>
        )}
      </dl>
      {request && answer.requestId !== null && <RequestDialog id={answer.requestId} onClose={() => setRequest(false)} />}
    </details>
  );
}
