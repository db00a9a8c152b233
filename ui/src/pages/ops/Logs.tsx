/* What a competitor, an instance or the worker of a run writes, as it comes. */
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { Api, List } from "@/lib/api";
import { send, withQuery } from "@/lib/api";
import { save } from "@/lib/download";
import { unreachable } from "@/lib/errors";
import { number } from "@/lib/format";
import { readLines } from "@/lib/lines";
import { Badge } from "@/lib/kit/Badge";
import { Button } from "@/lib/kit/Button";
import { TextField } from "@/lib/kit/Field";
import { Icon } from "@/lib/kit/Icon";
import { Empty, ErrorNotice } from "@/lib/kit/Notice";
import { SelectField } from "@/lib/kit/SelectField";
import { useCompetitors, useObject, useParam } from "@/pages/ops/data";
import { type Following, useFollow } from "@/pages/ops/follow";
import { Filters, Section } from "@/pages/ops/parts";
import { type LogLine, matching, noTail, resumed, type Tail, withLines } from "@/pages/ops/tail";
import { visible } from "@/pages/ops/visible";

const TAIL = 200;
const SHOWN = 1_000;

/** Where the log of a thing is; of runs it is what was written so far. */
const pathOf = (of: string): string =>
  of.startsWith("run_")
    ? withQuery(`/api/v1/runs/${of}/logs`, { tail: TAIL })
    : withQuery(`/api/v1/${of.startsWith("ins_") ? "instances" : "competitors"}/${encodeURIComponent(of)}/logs`, { tail: TAIL, follow: true });

function useChoices(of: string) {
  const competitors = useCompetitors().data?.data ?? [];
  const instances = useObject<List<Api<"Instance">>>("/api/v1/instances", { query: { limit: 500 } }).data?.data ?? [];
  const runs = useObject<List<Api<"Run">>>("/api/v1/runs", { query: { limit: 20 } }).data?.data ?? [];
  const choices = [
    ...competitors.map(({ name }) => ({ value: name, label: name })),
    ...instances.map(({ id, competitor }) => ({ value: id, label: `${competitor ?? "?"}, instance …${id.slice(-5)}` })),
    ...runs.map(({ id, competitor, suite }) => ({ value: id, label: `run of ${competitor} by ${suite}, …${id.slice(-5)}` })),
  ];
  return of === "" || choices.some(({ value }) => value === of) ? choices : [{ value: of, label: of }, ...choices];
}

async function* read(of: string, signal: AbortSignal): AsyncGenerator<unknown[]> {
  const response = await send(pathOf(of), { signal, timeout: 0 }); // the head comes with the first line
  try {
    for await (const line of readLines<unknown>(response, signal)) yield [line];
  } catch (reason) {
    throw signal.aborted ? reason : unreachable(reason);
  }
}

const file = (log: readonly LogLine[]) =>
  new Blob(
    log.map(({ ts, stream, text }) => `${JSON.stringify({ ts, stream, text })}\n`),
    { type: "application/jsonl" },
  );

function State({ of: following, paused, held }: { of: Following; paused: boolean; held: number }) {
  if (paused) return <Badge tone="warn">paused{held > 0 ? `, ${number(held)} more` : ""}</Badge>;
  if (following.state === "following") return <Badge tone="good">following</Badge>;
  if (following.state === "connecting") return <Badge tone="busy">waiting for a line</Badge>;
  return <Badge tone={following.state === "ended" ? "plain" : "bad"}>{following.state}</Badge>;
}

function View({ of, log }: { of: string; log: readonly LogLine[] }) {
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are followed, unless somebody reads further up
  useEffect(() => {
    if (box.current && atEnd.current) box.current.scrollTop = box.current.scrollHeight;
  }, [log]);
  return (
    <div
      ref={box}
      role="log"
      aria-live="off"
      aria-label={`Log of ${of}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
      tabIndex={0}
      onScroll={({ currentTarget: at }) => {
        atEnd.current = at.scrollHeight - at.scrollTop - at.clientHeight < 24;
      }}
      className="h-[60dvh] overflow-auto rounded-2xl border border-line bg-deep p-3 font-mono text-xs leading-5"
    >
      {log.slice(-SHOWN).map(({ seq, ts, stream, text }) => (
        <div key={seq} className="flex flex-col gap-x-3 py-0.5 sm:flex-row">
          <span className="shrink-0 text-ink-3">
            {ts.slice(11, 23)}
            {stream === "stderr" && <span className="pl-2 text-mango-ink">err</span>}
          </span>
          <span className="min-w-0 whitespace-pre-wrap [overflow-wrap:anywhere]">{visible(text)}</span>
        </div>
      ))}
    </div>
  );
}

function Followed({ of, children }: { of: string; children: ReactNode }) {
  const [tail, setTail] = useState<Tail>(noTail);
  const [paused, setPaused] = useState(false);
  const [words, setWords] = useState("");
  const [stream, setStream] = useState("");
  const { following, retry } = useFollow<unknown>(
    of,
    (signal) => read(of, signal),
    (pieces) => setTail((now) => withLines(now, pieces, paused)),
  );
  const log = useMemo(() => matching(tail.shown, words, stream), [tail.shown, words, stream]);
  const turn = () => {
    if (paused) setTail(resumed);
    setPaused(!paused);
  };
  const anew = () => {
    setTail(noTail);
    retry();
  };
  return (
    <>
      <Filters>
        {children}
        <TextField label="Filter" placeholder="lines with these words" value={words} onChange={(event) => setWords(event.target.value)} />
        <SelectField
          label="Stream"
          value={stream}
          onChange={(event) => setStream(event.target.value)}
          options={[
            { value: "", label: "Both" },
            { value: "stdout", label: "stdout" },
            { value: "stderr", label: "stderr" },
          ]}
        />
      </Filters>
      <p className="flex flex-wrap items-center gap-3 text-sm text-ink-2">
        <State of={following} paused={paused} held={tail.held.length} />
        {number(log.length)} {log.length === 1 ? "line" : "lines"}
        {log.length > SHOWN && `, the last ${number(SHOWN)} are shown`}
        {following.state === "ended" && (
          <Button size="small" onClick={anew}>
            Look again
          </Button>
        )}
        <span className="ml-auto flex gap-2">
          <Button size="small" onClick={turn} aria-pressed={paused}>
            {paused ? "Go on" : "Pause"}
          </Button>
          <Button size="small" disabled={log.length === 0} onClick={() => save(file(log), `${of}.log.jsonl`)}>
            <Icon name="download" className="size-4" /> Download
          </Button>
        </span>
      </p>
      {following.state === "broken" && <ErrorNotice error={following.error} onRetry={anew} />}
      {log.length === 0 && following.state === "ended" ? (
        <Empty title="Nothing was written">{tail.shown.length > 0 ? "No line is like that." : "It may not have run yet."}</Empty>
      ) : (
        <View of={of} log={log} />
      )}
    </>
  );
}

export default function Logs() {
  const [of, setOf] = useParam("of");
  const choices = useChoices(of);
  const choice = (
    <SelectField label="Whose" value={of} onChange={(event) => setOf(event.target.value)} options={[{ value: "", label: "Choose one" }, ...choices]} />
  );
  return (
    <Section title="Logs">
      {of === "" ? (
        <>
          <Filters>{choice}</Filters>
          <Empty title="Choose whose log">A competitor's log is that of its instance; the worker of a run has one too.</Empty>
        </>
      ) : (
        <Followed key={of} of={of}>
          {choice}
        </Followed>
      )}
    </Section>
  );
}
