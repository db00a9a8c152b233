/* What answers announced and is kept. */
import { useState } from "react";
import type { Api } from "@/lib/api";
import { ago, bytes, when } from "@/lib/format";
import { Button } from "@/lib/kit/Button";
import type { Column } from "@/lib/kit/DataTable";
import { TextField } from "@/lib/kit/Field";
import { ActionDialog, type Answer } from "@/pages/ops/ActionDialog";
import { useParam } from "@/pages/ops/data";
import { CompetitorSelect, Filters, Id, ListView, Section } from "@/pages/ops/parts";

type Artifact = Api<"Artifact">;

/** A link of this gateway's own, or none: what is shown as a link never leads elsewhere. */
export function linkOf(answer: Answer): string | null {
  if (typeof answer.url !== "string") return null;
  try {
    const url = new URL(answer.url, location.origin);
    return url.protocol.startsWith("http") && url.pathname.startsWith("/v1/artifacts/") ? `${url.pathname}${url.search}` : null;
  } catch {
    return null;
  }
}

function Linked({ of }: { of: Answer }) {
  const link = linkOf(of);
  if (link === null) return <p className="text-danger-ink">The link is none of this gateway's.</p>;
  return (
    <p>
      <a className="text-moss underline" href={link} download>
        Download it
      </a>
      <span className="text-ink-2"> until {when(String(of.expires_at))}</span>
    </p>
  );
}

export default function Artifacts() {
  const [competitor, setCompetitor] = useParam("competitor");
  const [request, setRequest] = useParam("request");
  const [linking, setLinking] = useState<Artifact | null>(null);
  const [removing, setRemoving] = useState<Artifact | null>(null);
  const columns: readonly Column<Artifact>[] = [
    { key: "name", label: "Name", cell: (a) => <span className="font-semibold">{a.display_name}</span>, sort: (a) => a.display_name },
    { key: "competitor", label: "Competitor", cell: (a) => a.competitor, sort: (a) => a.competitor },
    { key: "type", label: "Type", cell: (a) => a.mime_type, sort: (a) => a.mime_type },
    { key: "size", label: "Size", right: true, cell: (a) => bytes(a.size_bytes), sort: (a) => a.size_bytes },
    { key: "sha", label: "SHA-256", cell: (a) => <Id id={a.sha256} /> },
    { key: "request", label: "Request", cell: (a) => <Id id={a.request_id} /> },
    { key: "owner", label: "Owner", cell: (a) => (a.owner ? <Id id={a.owner} /> : "nobody's key") },
    { key: "at", label: "Made", cell: (a) => ago(a.created_at), sort: (a) => a.created_at },
    { key: "expires", label: "Kept until", cell: (a) => (a.expires_at ? when(a.expires_at) : "removed by hand"), sort: (a) => a.expires_at },
    {
      key: "act",
      label: "Actions",
      stays: true,
      cell: (a) => (
        <span className="flex gap-1">
          <Button size="small" aria-label={`Link to ${a.display_name}`} onClick={() => setLinking(a)}>
            Link
          </Button>
          <Button size="small" look="danger" aria-label={`Remove ${a.display_name}`} onClick={() => setRemoving(a)}>
            Remove
          </Button>
        </span>
      ),
    },
  ];
  return (
    <Section title="Artifacts">
      <Filters>
        <CompetitorSelect value={competitor} onChange={setCompetitor} />
        <TextField label="Request" placeholder="req_…" value={request} spellCheck={false} autoComplete="off" onChange={(event) => setRequest(event.target.value.trim())} />
      </Filters>
      <ListView<Artifact>
        path="/api/v1/artifacts"
        query={{ competitor, request }}
        every={10_000}
        label="Artifacts"
        columns={columns}
        rowKey={(a) => a.id}
        empty={
          competitor === "" && request === ""
            ? { title: "No artifacts are kept", text: <>What an answer makes is fetched, checked and kept here until its time is over.</> }
            : { title: "No artifact like that", text: <>Take a filter away to see others.</> }
        }
      />
      {linking && (
        <ActionDialog
          onClose={() => setLinking(null)}
          result={(answer) => <Linked of={answer} />}
          act={{
            title: `Link to ${linking.display_name}`,
            button: "Make a link",
            method: "POST",
            path: `/api/v1/artifacts/${linking.id}/link`,
            explain: "The link is good for five minutes, for whoever has it.",
            trial: false,
            command: `janusctl export artifact ${linking.id}`,
            touches: ["/api/v1/events"],
            done: "The link is made.",
          }}
        />
      )}
      {removing && (
        <ActionDialog
          onClose={() => setRemoving(null)}
          act={{
            title: `Remove ${removing.display_name}`,
            button: "Remove",
            method: "DELETE",
            path: `/api/v1/artifacts/${removing.id}`,
            explain: `${bytes(removing.size_bytes)} of ${removing.competitor}. Its links stop working. This cannot be taken back.`,
            trial: false,
            confirm: removing.display_name,
            danger: true,
            command: `janusctl remove artifact ${removing.id}`,
            touches: ["/api/v1/artifacts", "/api/v1/events"],
            done: "It is removed.",
          }}
        />
      )}
    </Section>
  );
}
