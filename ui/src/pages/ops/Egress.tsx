/* What competitors called at the platform, and what was not allowed. */
import type { Api } from "@/lib/api";
import { ago, bytes, duration, number, usd, when } from "@/lib/format";
import { Badge, type Tone } from "@/lib/kit/Badge";
import type { Column } from "@/lib/kit/DataTable";
import { TextField } from "@/lib/kit/Field";
import { SelectField } from "@/lib/kit/SelectField";
import { useParam } from "@/pages/ops/data";
import { CompetitorSelect, Filters, Id, ListView, Section } from "@/pages/ops/parts";

type Row = Api<"Egress">;
const tones: Record<Row["decision"], Tone> = { allowed: "good", denied: "bad", limited: "warn", invalid: "warn", failed: "bad" };

const columns: readonly Column<Row>[] = [
  { key: "competitor", label: "Competitor", cell: (e) => <span className="font-semibold">{e.competitor}</span>, sort: (e) => e.competitor },
  { key: "at", label: "When", cell: (e) => <span title={when(e.at)}>{ago(e.at)}</span>, sort: (e) => e.at },
  { key: "service", label: "Service", cell: (e) => [e.service, e.operation].filter(Boolean).join(" "), sort: (e) => e.service },
  { key: "target", label: "Target", wraps: true, cell: (e) => e.target ?? "–", sort: (e) => e.target },
  { key: "decision", label: "Decision", cell: (e) => <Badge tone={tones[e.decision]}>{e.decision}</Badge>, sort: (e) => e.decision },
  { key: "code", label: "Code", cell: (e) => e.code ?? "–", sort: (e) => e.code },
  { key: "calls", label: "Calls", right: true, cell: (e) => number(e.calls), sort: (e) => e.calls },
  { key: "took", label: "Took", right: true, cell: (e) => duration(e.duration_ms), sort: (e) => e.duration_ms },
  { key: "tokens", label: "Tokens in / out", right: true, cell: (e) => `${number(e.prompt_tokens)} / ${number(e.completion_tokens)}`, sort: (e) => e.completion_tokens },
  { key: "bytes", label: "Bytes in / out", right: true, cell: (e) => `${bytes(e.bytes_in)} / ${bytes(e.bytes_out)}`, sort: (e) => e.bytes_out },
  { key: "sandbox", label: "Sandbox", right: true, cell: (e) => (e.sandbox_seconds > 0 ? `${number(e.sandbox_seconds, 1)} s` : "–"), sort: (e) => e.sandbox_seconds },
  { key: "cost", label: "Cost", right: true, cell: (e) => usd(e.cost_usd), sort: (e) => e.cost_usd },
  { key: "request", label: "Request", cell: (e) => <Id id={e.request_id} /> },
];

const any = (label: string, values: readonly string[]) => [{ value: "", label }, ...values.map((value) => ({ value, label: value }))];

export default function Egress() {
  const [competitor, setCompetitor] = useParam("competitor");
  const [service, setService] = useParam("service");
  const [decision, setDecision] = useParam("decision");
  const [request, setRequest] = useParam("request");
  return (
    <Section title="Egress">
      <Filters>
        <CompetitorSelect value={competitor} onChange={setCompetitor} />
        <TextField label="Service" placeholder="any, or as inference" value={service} onChange={(event) => setService(event.target.value.trim())} />
        <SelectField label="Decision" value={decision} onChange={(event) => setDecision(event.target.value)} options={any("Any", Object.keys(tones))} />
        <TextField label="Request" placeholder="req_…" value={request} spellCheck={false} autoComplete="off" onChange={(event) => setRequest(event.target.value.trim())} />
      </Filters>
      <ListView<Row>
        path="/api/v1/egress"
        query={{ competitor, service, decision, request }}
        every={5_000}
        label="Egress"
        columns={columns}
        rowKey={(e) => e.id}
        empty={
          [competitor, service, decision, request].every((value) => value === "")
            ? { title: "Nobody called the platform yet", text: <>A competitor has no network but the platform. What it calls there, and what is refused, is here.</> }
            : { title: "No call like that", text: <>Take a filter away to see others.</> }
        }
      />
    </Section>
  );
}
