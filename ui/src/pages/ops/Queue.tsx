/* Who waits where, and who is left alone because it fails. */
import { number, when } from "@/lib/format";
import { Badge, StateBadge } from "@/lib/kit/Badge";
import { type Column, DataTable } from "@/lib/kit/DataTable";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";
import { breakerTone } from "@/pages/ops/badges";
import { useCompetitors, useObject } from "@/pages/ops/data";
import { Section } from "@/pages/ops/parts";
import type { Top } from "@/pages/ops/rates";
import type { Competitor } from "@/pages/ops/steer";

interface Row extends Competitor {
  inFlight: number | null;
}
const waiting = (c: Row) => (c.queue?.interactive ?? 0) + (c.queue?.bench ?? 0);

const columns: readonly Column<Row>[] = [
  { key: "name", label: "Competitor", cell: (c) => <span className="font-semibold">{c.name}</span>, sort: (c) => c.name },
  { key: "state", label: "State", cell: (c) => <StateBadge state={c.state} />, sort: (c) => c.state },
  { key: "inFlight", label: "In flight", right: true, cell: (c) => number(c.inFlight), sort: (c) => c.inFlight },
  { key: "concurrency", label: "Takes at once", right: true, cell: (c) => (c.concurrency === null || c.concurrency === undefined ? "–" : number(c.concurrency)), sort: (c) => c.concurrency },
  { key: "interactive", label: "Chats waiting", right: true, cell: (c) => number(c.queue?.interactive), sort: (c) => c.queue?.interactive },
  { key: "bench", label: "Benchmarks waiting", right: true, cell: (c) => number(c.queue?.bench), sort: (c) => c.queue?.bench },
  { key: "breaker", label: "Breaker", cell: (c) => (c.breaker ? <Badge tone={breakerTone[c.breaker.state]}>{c.breaker.state.replace("_", " ")}</Badge> : "–"), sort: (c) => c.breaker?.state },
  { key: "failures", label: "Failures in a row", right: true, cell: (c) => number(c.breaker?.failures), sort: (c) => c.breaker?.failures },
  { key: "retry", label: "Asked again at", cell: (c) => when(c.breaker?.retry_at), sort: (c) => c.breaker?.retry_at },
];

export default function Queue() {
  const { data, error, refetch } = useCompetitors(2_000);
  const top = useObject<Top>("/api/v1/top", { every: 2_000 });
  const rows: Row[] = (data?.data ?? []).map((c) => ({ ...c, inFlight: top.data?.data.find(({ id }) => id === c.id)?.in_flight ?? null }));
  const all = rows.reduce((sum, c) => sum + waiting(c), 0);
  const open = rows.filter((c) => c.breaker && c.breaker.state !== "closed").length;
  return (
    <Section title="Queue">
      {error !== null && <ErrorNotice error={error} onRetry={() => refetch()} />}
      {data === undefined ? (
        error === null && <Loading what="the queues" />
      ) : rows.length === 0 ? (
        <Empty title="No competitors yet">Each competitor has a queue of its own.</Empty>
      ) : (
        <>
          <p className="text-ink-2">
            {all === 0 ? "Nobody waits." : `${number(all)} ${all === 1 ? "chat waits" : "chats wait"}.`}{" "}
            {open === 0 ? "No breaker is open." : `${number(open)} ${open === 1 ? "competitor is" : "competitors are"} left alone because ${open === 1 ? "it fails" : "they fail"}.`}
          </p>
          <DataTable label="Queues" rows={rows} columns={columns} rowKey={(c) => c.name} initial={{ key: "interactive", down: true }} />
        </>
      )}
    </Section>
  );
}
