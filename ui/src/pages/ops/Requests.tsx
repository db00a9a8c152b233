/* Chats that are over, and the whole life of one of them. */
import type { FormEvent } from "react";
import { ago, duration, number, usd, when } from "@/lib/format";
import { Button } from "@/lib/kit/Button";
import type { Column } from "@/lib/kit/DataTable";
import { TextField } from "@/lib/kit/Field";
import { codeBadge } from "@/pages/ops/badges";
import { useParam } from "@/pages/ops/data";
import type { Request } from "@/pages/ops/life";
import { CompetitorSelect, Filters, ListView, Section } from "@/pages/ops/parts";
import { RequestDetail } from "@/pages/ops/RequestDetail";

const columns: readonly Column<Request>[] = [
  { key: "id", label: "Request", cell: (r) => <code className="font-mono text-xs">{r.id}</code> },
  { key: "at", label: "When", cell: (r) => <span title={when(r.created_at)}>{ago(r.created_at)}</span>, sort: (r) => r.created_at },
  { key: "competitor", label: "Competitor", cell: (r) => r.competitor ?? "–", sort: (r) => r.competitor },
  { key: "status", label: "Status", right: true, cell: (r) => r.status, sort: (r) => r.status },
  { key: "code", label: "Code", cell: codeBadge, sort: (r) => r.code ?? "" },
  { key: "attempts", label: "Attempts", right: true, cell: (r) => number(r.attempts), sort: (r) => r.attempts },
  { key: "queue", label: "Waited", right: true, cell: (r) => duration(r.queue_ms), sort: (r) => r.queue_ms },
  { key: "ttft", label: "TTFT", right: true, cell: (r) => duration(r.ttft_ms), sort: (r) => r.ttft_ms },
  { key: "gap", label: "Longest gap", right: true, cell: (r) => duration(r.max_gap_ms), sort: (r) => r.max_gap_ms },
  { key: "duration", label: "Took", right: true, cell: (r) => duration(r.duration_ms), sort: (r) => r.duration_ms },
  { key: "tokens", label: "Tokens in / out", right: true, cell: (r) => `${r.is_estimated ? "about " : ""}${number(r.prompt_tokens)} / ${number(r.completion_tokens)}`, sort: (r) => r.completion_tokens },
  { key: "cost", label: "Cost", right: true, cell: (r) => usd(r.cost_usd), sort: (r) => r.cost_usd },
];

export default function Requests() {
  const [competitor, setCompetitor] = useParam("competitor");
  const [code, setCode] = useParam("code");
  const [open, setOpen] = useParam("open");
  const find = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const id = new FormData(event.currentTarget).get("id");
    if (typeof id === "string") setOpen(id.trim());
  };
  return (
    <>
      <Section title="Requests">
        <Filters>
          <CompetitorSelect value={competitor} onChange={setCompetitor} />
          <TextField label="Code" placeholder="ok, or a code" list="codes" value={code} onChange={(event) => setCode(event.target.value.trim())} />
          <datalist id="codes">
            {["ok", "upstream_timeout", "upstream_died", "upstream_bad_response", "upstream_error_frame", "queue_full", "no_ready_competitor", "client_cancelled", "rate_limit_exceeded"].map((value) => (
              <option key={value} value={value} />
            ))}
          </datalist>
          <form onSubmit={find} className="flex items-end gap-2" key={open}>
            <div className="min-w-0 flex-1">
              <TextField label="One by its id" name="id" placeholder="req_…" defaultValue={open} autoComplete="off" spellCheck={false} />
            </div>
            <Button type="submit">Find</Button>
          </form>
        </Filters>
        {open !== "" && <RequestDetail key={open} id={open} onClose={() => setOpen("")} />}
        <ListView<Request>
          path="/api/v1/requests"
          query={{ competitor, code }}
          every={5_000}
          label="Requests"
          columns={columns}
          rowKey={(r) => r.id}
          onOpen={(r) => setOpen(r.id === open ? "" : r.id)}
          isOpen={(r) => r.id === open}
          empty={
            competitor === "" && code === ""
              ? { title: "No chat is over yet", text: <>Each chat is here when it is over, with all that happened to it.</> }
              : { title: "No chat like that", text: <>Take a filter away to see others.</> }
          }
        />
      </Section>
    </>
  );
}
