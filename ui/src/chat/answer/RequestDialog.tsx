/* A chat as the gateway recorded it: GET /api/v1/requests/{id}. */
import { useQuery } from "@tanstack/react-query";
import { type Api, call } from "@/lib/api";
import { bytes, duration, number, usd, when } from "@/lib/format";
import { CopyButton } from "@/lib/kit/CopyButton";
import { Dialog } from "@/lib/kit/Dialog";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";

export function RequestDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const path = `/api/v1/requests/${encodeURIComponent(id)}`;
  const { data, error, refetch } = useQuery({ queryKey: [path], queryFn: () => call<Api<"Request">>(path), retry: 1 });
  return (
    <Dialog title="Request" onClose={onClose} wide>
      <p className="mb-4 flex items-center gap-1 font-mono text-xs break-all text-ink-2">
        {id} <CopyButton text={id} label="Copy the request id" />
      </p>
      {error && <ErrorNotice error={error} title="The record cannot be shown" onRetry={() => void refetch()} />}
      {!error && !data && <Loading what="the record" />}
      {data && <Recorded request={data} />}
    </Dialog>
  );
}

function Recorded({ request }: { request: Api<"Request"> }) {
  const rows: [string, string][] = [
    ["Competitor", request.competitor ?? "–"],
    ["Status", [request.status, request.code].filter(Boolean).join(" ")],
    ["Attempts", number(request.attempts)],
    ["First token", duration(request.ttft_ms)],
    ["Longest gap", duration(request.max_gap_ms)],
    ["Duration", duration(request.duration_ms)],
    ["Queue", duration(request.queue_ms)],
    ["Tokens", `${number(request.prompt_tokens)} in, ${number(request.completion_tokens)} out${request.is_estimated ? " (estimated)" : ""}`],
    ["Cost", usd(request.cost_usd)],
    ["Bytes", `${bytes(request.bytes_in)} in, ${bytes(request.bytes_out)} out`],
    ["Began", when(request.created_at)],
    ["Instance", request.instance_id ?? "–"],
  ];
  const timeline = request.timeline ?? [];
  return (
    <>
      <dl className="grid grid-cols-[repeat(auto-fill,minmax(10rem,1fr))] gap-x-6 gap-y-3 text-sm">
        {rows.map(([name, value]) => (
          <div key={name} className="min-w-0">
            <dt className="text-ink-3">{name}</dt>
            <dd className="tabular-nums [overflow-wrap:anywhere]">{value}</dd>
          </div>
        ))}
      </dl>
      {request.error && <p className="mt-4 text-sm text-danger-ink [overflow-wrap:anywhere]">{request.error}</p>}
      <h3 className="mt-6 mb-2 font-semibold">Timeline</h3>
      {timeline.length === 0 && <p className="text-sm text-ink-3">It is kept for the last 4,096 chats of a running gateway.</p>}
      <ol className="grid gap-1 text-sm">
        {timeline.map((it, i) => (
          <li key={i} className="flex flex-wrap gap-x-3">
            <span className="w-20 text-right text-ink-3 tabular-nums">{duration(it.ms)}</span>
            <span className="font-semibold">{it.what.replaceAll("_", " ")}</span>
            <span className="min-w-0 text-ink-2 [overflow-wrap:anywhere]">{it.detail}</span>
          </li>
        ))}
      </ol>
    </>
  );
}
