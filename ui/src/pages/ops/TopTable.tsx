/* What the competitors do now: rates of the last ten seconds, and lines of the last minutes. */
import { useEffect } from "react";
import { Link } from "react-router";
import { duration, number } from "@/lib/format";
import { StateBadge } from "@/lib/kit/Badge";
import { type Column, DataTable } from "@/lib/kit/DataTable";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";
import { Sparkline } from "@/lib/kit/Sparkline";
import { useObject } from "@/pages/ops/data";
import { Section } from "@/pages/ops/parts";
import type { Rates, Top } from "@/pages/ops/rates";
import { EVERY_MS, useTopHistory } from "@/pages/ops/topHistory";

function Line({ of, what }: { of: Rates; what: "requests" | "tokens" }) {
  const points = useTopHistory((state) => state.lines[of.id]) ?? [];
  return <Sparkline floor={0} label={`${what} a second of ${of.name}, last minutes`} values={points.map((point) => point[what])} />;
}

const columns: readonly Column<Rates>[] = [
  {
    key: "name",
    label: "Competitor",
    cell: (row) => (
      <Link className="font-semibold hover:underline" to={`/ops/competitors?open=${row.name}`}>
        {row.name}
      </Link>
    ),
    sort: (row) => row.name,
  },
  { key: "state", label: "State", cell: (row) => <StateBadge state={row.state} />, sort: (row) => row.state },
  { key: "inFlight", label: "In flight", right: true, cell: (row) => number(row.inFlight), sort: (row) => row.inFlight },
  { key: "requests", label: "Chats/s", right: true, cell: (row) => number(row.requests, 1), sort: (row) => row.requests },
  { key: "requestLine", label: "Chats", cell: (row) => <Line of={row} what="requests" /> },
  { key: "tokens", label: "Tokens/s", right: true, cell: (row) => number(row.tokens, 1), sort: (row) => row.tokens },
  { key: "tokenLine", label: "Tokens", cell: (row) => <Line of={row} what="tokens" /> },
  { key: "ttft", label: "TTFT p50 / p95", right: true, cell: (row) => `${duration(row.ttftP50)} / ${duration(row.ttftP95)}`, sort: (row) => row.ttftP95 },
  { key: "gap", label: "Longest gap", right: true, cell: (row) => duration(row.longestGap), sort: (row) => row.longestGap },
  { key: "errorRate", label: "Errors/s", right: true, cell: (row) => number(row.errors, 1), sort: (row) => row.errors },
  { key: "errors", label: "Errors of all", right: true, cell: (row) => `${number(row.allErrors)} of ${number(row.allRequests)}`, sort: (row) => row.allErrors },
  { key: "failovers", label: "Failovers", right: true, cell: (row) => number(row.failovers), sort: (row) => row.failovers },
];

export function TopTable() {
  const top = useObject<Top>("/api/v1/top", { every: EVERY_MS });
  const { rows, snapshots, add } = useTopHistory();
  useEffect(() => {
    if (top.data) add(top.data);
  }, [top.data, add]);
  return (
    <Section title="Now">
      {top.error !== null && <ErrorNotice error={top.error} onRetry={() => top.refetch()} />}
      {snapshots.length === 0 ? (
        top.error === null && <Loading what="what they do" />
      ) : rows.length === 0 ? (
        <Empty title="No competitors yet">
          Submit one at <Link className="underline" to="/competition">the competition</Link>, or with <code>janusctl submit image</code>.
        </Empty>
      ) : (
        <DataTable label="What the competitors do now" rows={rows} columns={columns} rowKey={(row) => row.id} />
      )}
    </Section>
  );
}
