/* One request: what it was, its life as a timeline, and its frames if it was recorded. */
import { Link } from "react-router";
import { bytes, duration, number, usd, when } from "@/lib/format";
import { IconButton } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";
import { codeBadge } from "@/pages/ops/badges";
import { Capture } from "@/pages/ops/Capture";
import { useObject } from "@/pages/ops/data";
import { fine, life, type Moment, type Request } from "@/pages/ops/life";
import { Card, Facts, Id } from "@/pages/ops/parts";

const bar: Record<Moment["kind"], string> = { gateway: "bg-moss", platform: "bg-mountain", artifact: "bg-mango" };

function Timeline({ of }: { of: readonly Moment[] }) {
  return (
    <ol aria-label="Timeline" className="grid gap-1 text-sm tabular-nums">
      {of.map((moment, at) => (
        <li
          // biome-ignore lint/suspicious/noArrayIndexKey: a finished request's moments do not change
          key={at}
          className="grid grid-cols-[5.5rem_minmax(0,1fr)] items-baseline gap-x-3 rounded-lg px-2 py-1.5 hover:bg-raised/40 md:grid-cols-[6.5rem_5.5rem_minmax(0,1fr)_minmax(8rem,16rem)]"
        >
          <span className="text-right">{fine(moment.ms)}</span>
          <span className="hidden text-right text-ink-3 md:block">+{fine(moment.sinceMs)}</span>
          <span className="min-w-0 [overflow-wrap:anywhere]">
            <span className={`font-semibold ${moment.bad ? "text-danger-ink" : ""}`}>{moment.what}</span>
            {moment.attempt !== null && <span className="text-ink-3"> attempt {moment.attempt}</span>}
            {moment.detail && <span className="text-ink-2"> {moment.detail}</span>}
            {moment.tookMs !== null && <span className="text-ink-3"> took {fine(moment.tookMs)}</span>}
          </span>
          <span aria-hidden="true" className="relative col-span-2 mt-1 h-1.5 self-center rounded-full bg-raised md:col-span-1 md:mt-0">
            <span
              className={`absolute inset-y-0 min-w-1 rounded-full ${moment.bad ? "bg-danger" : bar[moment.kind]}`}
              style={{ left: `${Math.min(moment.from, 99)}%`, width: `${moment.width}%` }}
            />
          </span>
        </li>
      ))}
    </ol>
  );
}

function Told({ of: r }: { of: Request }) {
  const moments = life(r);
  return (
    <>
      <Facts
        of={[
          ["Outcome", <span key="code" className="inline-flex items-center gap-2">{r.status} {codeBadge(r)}</span>],
          ["What failed", r.error],
          ["Fault", r.fault],
          ["Route", r.route],
          ["Model", r.model],
          ["Competitor", r.competitor],
          ["Version", r.version_id ? <Id key="version" id={r.version_id} /> : null],
          ["Digest", r.digest ? <Id key="digest" id={r.digest} /> : null],
          ["Instance", r.instance_id ? <Id key="instance" id={r.instance_id} /> : null],
          ["From", r.client],
          ["Trace", r.trace_id ? <Id key="trace" id={r.trace_id} /> : null],
          ["When", when(r.created_at)],
          ["Took", duration(r.duration_ms)],
          ["Waited", duration(r.queue_ms)],
          ["TTFT", duration(r.ttft_ms)],
          ["Longest gap", duration(r.max_gap_ms)],
          ["Attempts", number(r.attempts)],
          ["Tokens in / out", `${r.is_estimated ? "about " : ""}${number(r.prompt_tokens)} / ${number(r.completion_tokens)}`],
          ["Cost", usd(r.cost_usd)],
          ["Bytes in / out", `${bytes(r.bytes_in)} / ${bytes(r.bytes_out)}`],
          ["Events, pings", r.chunks === undefined ? null : `${number(r.chunks)}, ${number(r.pings)}`],
          ["Resumed", r.resumed === null || r.resumed === undefined ? null : number(r.resumed)],
          ["Measured at the platform", r.measured && r.measured.calls > 0 ? `${number(r.measured.calls)} calls, ${usd(r.measured.cost_usd)}, ${number(r.measured.sandbox_seconds, 1)} s of sandboxes` : null],
        ]}
      />
      <h3 className="font-display text-lg font-semibold">Its life</h3>
      {r.timeline === null || r.timeline === undefined ? (
        <p className="text-ink-2">Only the last chats have a timeline, and those since Janus was started. What is above is kept longer.</p>
      ) : (
        <Timeline of={moments} />
      )}
      {(r.platform_calls?.length ?? 0) > 0 && (
        <p className="text-sm">
          <Link className="underline" to={`/ops/egress?request=${r.id}`}>
            Its calls at the platform, one by one
          </Link>
        </p>
      )}
      {r.capture && <Capture id={r.capture} />}
    </>
  );
}

export function RequestDetail({ id, onClose }: { id: string; onClose: () => void }) {
  const { data, error, refetch } = useObject<Request>(`/api/v1/requests/${encodeURIComponent(id)}`);
  return (
    <section aria-label={`Request ${id}`}>
      <Card className="grid gap-5 border-line-2">
        <div className="flex items-center justify-between gap-3">
          <h2 className="min-w-0 font-mono text-base font-semibold break-all">{id}</h2>
          <IconButton label="Close the request" onClick={onClose}>
            <Icon name="close" />
          </IconButton>
        </div>
        {error !== null && <ErrorNotice error={error} onRetry={() => refetch()} />}
        {data ? <Told of={data} /> : error === null && <Loading what="the request" />}
      </Card>
    </section>
  );
}
