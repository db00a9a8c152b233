/* Two competitors: their parts with intervals, whether the difference is more than chance, and item by item. */
import { useState } from "react";
import { useSearchParams } from "react-router";
import { useItems, useLeaderboard, useRun } from "@/board/data";
import { useSuite } from "@/board/Leaderboard";
import { type Pair, pairs } from "@/board/pairs";
import { difference, weightsOf } from "@/board/rank";
import { IntervalBar, range, RunLink, runLink } from "@/board/Score";
import { Section } from "@/board/Section";
import { DIMENSIONS, type Entry, NAMES, type Weights } from "@/board/types";
import { number, score } from "@/lib/format";
import { Badge } from "@/lib/kit/Badge";
import { Button } from "@/lib/kit/Button";
import { inputLook } from "@/lib/kit/Field";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";
import { Link } from "react-router";

const STEP = 20;
const signed = (value: number) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${score(Math.abs(value))}`;

function Choice({ label, value, entries, onChange }: { label: string; value: string; entries: Entry[]; onChange: (name: string) => void }) {
  return (
    <label className="grid min-w-0 flex-1 gap-1.5 text-sm font-semibold">
      {label}
      <select className={`${inputLook} font-normal`} value={value} onChange={(event) => onChange(event.target.value)}>
        {entries.map((e) => (
          <option key={e.id} value={e.competitor}>
            {e.competitor}
          </option>
        ))}
      </select>
    </label>
  );
}

function Parts({ a, b }: { a: Entry; b: Entry }) {
  return (
    <ul className="grid gap-px overflow-hidden rounded-2xl border border-line bg-line/60">
      {(["composite", ...DIMENSIONS] as const).map((d) => {
        const [x, y] = [a.scores[d], b.scores[d]];
        const delta = x && y ? difference(x, y) : null;
        const better = delta === null || !delta.significant ? null : delta.value > 0 ? a.competitor : b.competitor;
        return (
          <li key={d} className="grid gap-x-6 gap-y-2 bg-card px-5 py-3.5 text-sm md:grid-cols-[7rem_1fr_1fr_17rem] md:items-center">
            <h3 className={d === "composite" ? "font-display text-base font-semibold" : "font-semibold"}>{NAMES[d]}</h3>
            {[x, y].map((of, i) => (
              <div key={i} className="tabular-nums">
                <span className="flex items-baseline justify-between gap-3">
                  <span>
                    <span className="text-ink-3 md:sr-only">{i === 0 ? a.competitor : b.competitor} </span>
                    <span className="font-semibold">{score(of?.value)}</span>
                  </span>
                  <span className="text-xs text-ink-3">{of ? range(of) : ""}</span>
                </span>
                {of && <IntervalBar of={of} className="mt-1" />}
              </div>
            ))}
            <p className="flex flex-wrap items-center gap-x-3 gap-y-1 tabular-nums">
              {delta ? (
                <>
                  <span className="font-semibold">{signed(delta.value)}</span>
                  <span className="text-xs text-ink-3">
                    {signed(delta.low)} to {signed(delta.high)}
                  </span>
                  {better ? <Badge tone="good">{better}</Badge> : <Badge>could be chance</Badge>}
                </>
              ) : (
                <span className="text-ink-3">not comparable</span>
              )}
            </p>
          </li>
        );
      })}
    </ul>
  );
}

function SideOf({ of, run }: { of: Pair["a"]; run: string }) {
  if (of === null) return <span className="text-ink-3">not asked</span>;
  return (
    <Link to={`${runLink(run)}?item=${encodeURIComponent(of.id)}`} className="inline-flex min-h-9 items-center gap-2 hover:text-moss">
      <span className={`size-2 shrink-0 rounded-full ${of.passed === of.epochs ? "bg-moss" : of.passed === 0 ? "bg-danger" : "bg-mango"}`} aria-hidden="true" />
      <span className="font-semibold">{score(of.score)}</span>
      <span className="sr-only">{of.passed === of.epochs ? "passed" : of.passed === 0 ? "failed" : `passed ${of.passed} of ${of.epochs}`}</span>
    </Link>
  );
}

function Items({ a, b, weights }: { a: Entry; b: Entry; weights: Weights }) {
  const [run_a, run_b] = [a.runs[0] ?? "", b.runs[0] ?? ""];
  const [items_a, items_b] = [useItems(run_a), useItems(run_b)];
  const [shown, setShown] = useState(STEP);
  if (items_a.isError || items_b.isError)
    return <ErrorNotice error={items_a.error ?? items_b.error} onRetry={() => Promise.all([items_a.refetch(), items_b.refetch()])} title="The items could not be read" />;
  if (!items_a.data || !items_b.data) return <Loading what="both runs" />;
  const all = pairs(items_a.data, items_b.data, weights);
  const both = all.filter((p) => p.delta !== null);
  return (
    <div className="text-sm">
      <p className="mb-3 text-ink-2">
        Of {both.length} items that both answered in their newest runs (<RunLink run={run_a} />, <RunLink run={run_b} />), {a.competitor} did better in{" "}
        {both.filter((p) => (p.delta ?? 0) > 0).length}, {b.competitor} in {both.filter((p) => (p.delta ?? 0) < 0).length}. What differs most is first.
      </p>
      <table className="w-full table-fixed text-left tabular-nums">
        <caption className="sr-only">
          Items of {a.competitor} and {b.competitor}
        </caption>
        <thead className="text-ink-2">
          <tr className="border-b border-line">
            <th scope="col" className="w-2/5 py-2 pr-3 font-semibold">
              Item
            </th>
            <th scope="col" className="truncate py-2 pr-3 font-semibold">
              {a.competitor}
            </th>
            <th scope="col" className="truncate py-2 pr-3 font-semibold">
              {b.competitor}
            </th>
            <th scope="col" className="w-20 py-2 text-right font-semibold">
              Differs
            </th>
          </tr>
        </thead>
        <tbody>
          {all.slice(0, shown).map((p) => (
            <tr key={p.item} className="border-b border-line/60">
              <th scope="row" className="py-1.5 pr-3 font-normal">
                <span className="block [overflow-wrap:anywhere]">{p.item}</span>
                <span className="text-xs text-ink-3">{p.task_type}</span>
              </th>
              <td className="py-1.5 pr-3">
                <SideOf of={p.a} run={run_a} />
              </td>
              <td className="py-1.5 pr-3">
                <SideOf of={p.b} run={run_b} />
              </td>
              <td className="py-1.5 text-right font-semibold">{p.delta === null ? "–" : signed(p.delta)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {all.length > shown && (
        <Button size="small" className="mt-4 min-h-11 sm:min-h-9" onClick={() => setShown(shown + 2 * STEP)}>
          Show more of {number(all.length)}
        </Button>
      )}
      <p className="mt-4 text-ink-3">
        <code className="font-mono text-xs">janus-bench compare A.tar.gz B.tar.gz</code> draws the items of both again in pairs and says what is more than chance.
      </p>
    </div>
  );
}

export function Compare() {
  const entries = useLeaderboard(useSuite()[0]).data?.data;
  const [params, setParams] = useSearchParams();
  const [deep, setDeep] = useState(false);
  const a = entries?.find((e) => e.competitor === params.get("a")) ?? entries?.[0];
  const b = entries?.find((e) => e.competitor === params.get("b") && e !== a) ?? entries?.find((e) => e !== a);
  const weights = weightsOf(useRun(a?.runs[0]).data);
  const choose = (side: "a" | "b", name: string) =>
    setParams(
      (now) => {
        if (a && b) {
          now.set("a", a.competitor);
          now.set("b", b.competitor);
        }
        const other = side === "a" ? "b" : "a";
        if (now.get(other) === name) now.set(other, now.get(side) ?? "");
        now.set(side, name);
        return now;
      },
      { replace: true, preventScrollReset: true },
    );

  return (
    <Section id="compare" title="One against one" lead="What is better in which part, and whether that is more than chance.">
      {entries === undefined ? (
        <Loading what="the scores" />
      ) : !a || !b ? (
        <Empty icon="scales" title="It takes two on the board">
          <p>{entries.length === 1 ? "One more competitor with a whole run, and they can be compared." : "Nobody is on the board yet."}</p>
        </Empty>
      ) : (
        <div className="grid gap-5">
          <div className="flex items-end gap-3">
            <Choice label="This one" value={a.competitor} entries={entries} onChange={(name) => choose("a", name)} />
            <span className="pb-3 text-sm text-ink-3">against</span>
            <Choice label="That one" value={b.competitor} entries={entries} onChange={(name) => choose("b", name)} />
          </div>
          <Parts a={a} b={b} />
          <p className="max-w-prose text-sm text-ink-2">
            A difference counts as more than chance by part 2 of the{" "}
            <Link to="/docs/champion" className="underline underline-offset-4">
              champion's rule
            </Link>
            : its 95 % interval, made here of the sides of both intervals that face each other, excludes 0. To lead takes the margin and live chats, too.
          </p>
          {weights && a.runs[0] && b.runs[0] && (
            <div>
              <Button size="small" className="min-h-11 sm:min-h-9" aria-expanded={deep} onClick={() => setDeep(!deep)}>
                {deep ? "Hide the items" : "Item by item"}
              </Button>
              {deep && (
                <div className="mt-4">
                  <Items key={`${a.id}${b.id}`} a={a} b={b} weights={weights} />
                </div>
              )}
            </div>
          )}
        </div>
      )}
    </Section>
  );
}
