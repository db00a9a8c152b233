/* The record of what was decided, as it grows. */
import { useState } from "react";
import { type Api, withQuery } from "@/lib/api";
import { when } from "@/lib/format";
import { Badge } from "@/lib/kit/Badge";
import { Button } from "@/lib/kit/Button";
import { type Column, DataTable } from "@/lib/kit/DataTable";
import { TextField } from "@/lib/kit/Field";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";
import { events as follow } from "@/lib/sse";
import { useCompetitors, useParam, usePages } from "@/pages/ops/data";
import { useFollow } from "@/pages/ops/follow";
import { CompetitorSelect, Filters, Id, Section } from "@/pages/ops/parts";

type Event = Api<"Event">;
const AGAIN_MS = 3_000;

const columns: readonly Column<Event>[] = [
  { key: "action", label: "Action", cell: (e) => <span className="font-semibold">{e.action}</span>, sort: (e) => e.action },
  { key: "at", label: "When", cell: (e) => when(e.at), sort: (e) => e.at },
  { key: "actor", label: "By", cell: (e) => e.actor, sort: (e) => e.actor },
  { key: "object", label: "On", cell: (e) => <Id id={e.object_id} /> },
  { key: "detail", label: "Detail", wraps: true, cell: (e) => e.detail ?? "–" },
  { key: "before", label: "Before", wraps: true, cell: (e) => e.before ?? "–" },
  { key: "after", label: "After", wraps: true, cell: (e) => e.after ?? "–" },
  { key: "request", label: "Request", cell: (e) => <Id id={e.request_id} /> },
];

async function* read(object: string, after: string | null, signal: AbortSignal): AsyncGenerator<Event[]> {
  for await (const { event, data } of follow(withQuery("/api/v1/events", { follow: true, object_id: object, after }), { signal }))
    if (event === "event") yield [JSON.parse(data) as Event];
}

/** Those that came before, page by page, and those that come. */
function Record({ object, words }: { object: string; words: string }) {
  const { rows, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage, dataUpdatedAt } = usePages<Event>("/api/v1/events", { object_id: object });
  const [fresh, setFresh] = useState<readonly Event[]>([]);
  const [live, setLive] = useState(true);
  const newest = fresh[0]?.id ?? rows?.[0]?.id ?? null;
  const { following } = useFollow<Event>(
    live && dataUpdatedAt > 0 ? object || "all" : null,
    (signal) => read(object, newest, signal),
    (pieces) => setFresh((now) => [...[...pieces].reverse(), ...now]),
    { again: AGAIN_MS },
  );
  if (rows === undefined) return error ? <ErrorNotice error={error} onRetry={() => refetch()} /> : <Loading what="events" />;
  const known = new Set(rows.map(({ id }) => id));
  const all = [...fresh.filter(({ id }) => !known.has(id)), ...rows];
  const wanted = words.trim().toLowerCase();
  const shown = wanted === "" ? all : all.filter((e) => `${e.action} ${e.actor} ${e.detail} ${e.before} ${e.after}`.toLowerCase().includes(wanted));
  return (
    <>
      <p className="flex flex-wrap items-center gap-3 text-sm text-ink-2">
        {!live ? <Badge tone="warn">paused</Badge> : following.state === "broken" ? <Badge tone="bad">connecting again</Badge> : <Badge tone="good">live</Badge>}
        <Button size="small" aria-pressed={!live} onClick={() => setLive(!live)}>
          {live ? "Pause" : "Go on"}
        </Button>
        Each event has the hash of the one before; <code>janusctl verify events</code> recomputes them all.
      </p>
      {following.state === "broken" && live && <ErrorNotice error={following.error} />}
      {shown.length === 0 ? (
        <Empty title="No event like that">{all.length > 0 ? "Take a filter away to see others." : "What is decided is written here."}</Empty>
      ) : (
        <DataTable label="Events" rows={shown} columns={columns} rowKey={(e) => e.id} />
      )}
      {hasNextPage && (
        <div>
          <Button size="small" disabled={isFetchingNextPage} onClick={() => fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  );
}

export default function Events() {
  const [object, setObject] = useParam("object");
  const [words, setWords] = useState("");
  const competitors = useCompetitors().data?.data ?? [];
  return (
    <Section title="Events">
      <Filters>
        <CompetitorSelect
          value={competitors.find(({ id }) => id === object)?.name ?? ""}
          onChange={(name) => setObject(competitors.find((c) => c.name === name)?.id ?? "")}
        />
        <TextField label="Object" placeholder="any id" value={object} spellCheck={false} autoComplete="off" onChange={(event) => setObject(event.target.value.trim())} />
        <TextField label="Filter" placeholder="words in what is shown" value={words} onChange={(event) => setWords(event.target.value)} />
      </Filters>
      <Record key={object} object={object} words={words} />
    </Section>
  );
}
