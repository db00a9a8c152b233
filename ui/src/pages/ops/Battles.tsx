/* Blind battles: who was against whom, and what the vote said. */
import type { Api } from "@/lib/api";
import { ago, duration, when } from "@/lib/format";
import { StateBadge } from "@/lib/kit/Badge";
import type { Column } from "@/lib/kit/DataTable";
import { SelectField } from "@/lib/kit/SelectField";
import { useParam } from "@/pages/ops/data";
import { Filters, Id, ListView, Section } from "@/pages/ops/parts";

type Battle = Api<"Battle">;
const STATES = ["running", "ended", "voted", "failed", "abandoned", "lost"];

function Side({ of }: { of: Battle["a"] }) {
  return (
    <span>
      <span className="font-semibold">{of.competitor ?? "not told yet"}</span>
      <span className="text-ink-2">
        {" "}
        {of.code ?? duration(of.ttft_ms)}, {duration(of.duration_ms)}
      </span>
    </span>
  );
}

const winner = (b: Battle) => (b.winner === "a" ? (b.a.competitor ?? "a") : b.winner === "b" ? (b.b.competitor ?? "b") : (b.winner ?? "–"));

const columns: readonly Column<Battle>[] = [
  { key: "id", label: "Battle", cell: (b) => <Id id={b.id} /> },
  { key: "state", label: "State", cell: (b) => <StateBadge state={b.state} />, sort: (b) => b.state },
  { key: "a", label: "A: TTFT, took", cell: (b) => <Side of={b.a} />, sort: (b) => b.a.competitor },
  { key: "b", label: "B: TTFT, took", cell: (b) => <Side of={b.b} />, sort: (b) => b.b.competitor },
  { key: "winner", label: "Better", cell: winner, sort: winner },
  { key: "at", label: "When", cell: (b) => <span title={when(b.created_at)}>{ago(b.created_at)}</span>, sort: (b) => b.created_at },
  { key: "voted", label: "Voted", cell: (b) => ago(b.voted_at), sort: (b) => b.voted_at },
  { key: "request", label: "Request", cell: (b) => <Id id={b.request_id} /> },
];

export default function Battles() {
  const [state, setState] = useParam("state");
  return (
    <Section title="Battles">
      <Filters>
        <SelectField label="State" value={state} onChange={(event) => setState(event.target.value)} options={[{ value: "", label: "Any" }, ...STATES.map((value) => ({ value, label: value }))]} />
      </Filters>
      <ListView<Battle>
        path="/api/v1/battles"
        query={{ state }}
        every={10_000}
        label="Battles"
        columns={columns}
        rowKey={(b) => b.id}
        empty={
          state === ""
            ? { title: "Nobody has compared two answers yet", text: <>The arena in the chat asks two competitors the same, blind.</> }
            : { title: "No battle like that", text: <>Take a filter away to see others.</> }
        }
      />
    </Section>
  );
}
