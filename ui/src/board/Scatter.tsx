/* Cost against quality, or any two parts: a point each, larger where the third is better. */
import { type KeyboardEvent, useRef, useState } from "react";
import { Fold } from "@/board/Fold";
import { range, RunLink } from "@/board/Score";
import { linear, ticks } from "@/lib/scale";
import { DIMENSIONS, type Dimension, type Entry, NAMES } from "@/board/types";
import { score } from "@/lib/format";
import { inputLook } from "@/lib/kit/Field";
import { useWidth } from "@/lib/useMedia";

const LABELS_MAX = 8;

function Choice({ label, value, onChange }: { label: string; value: Dimension; onChange: (d: Dimension) => void }) {
  return (
    <label className="grid gap-1 text-sm font-semibold">
      {label}
      <select className={`${inputLook} font-normal`} value={value} onChange={(event) => onChange(event.target.value as Dimension)}>
        {DIMENSIONS.map((d) => (
          <option key={d} value={d}>
            {NAMES[d]}
          </option>
        ))}
      </select>
    </label>
  );
}

export function Scatter({ entries }: { entries: Entry[] }) {
  const [x, setX] = useState<Dimension>("cost");
  const [y, setY] = useState<Dimension>("quality");
  const [size, setSize] = useState<Dimension>("speed");
  const [chosen, setChosen] = useState<string | null>(null);
  const [ref, width] = useWidth<HTMLDivElement>();
  const marks = useRef(new Map<string, SVGGElement>());
  const there = entries
    .filter((e) => e.scores[x] && e.scores[y])
    .toSorted((a, b) => (a.scores[x]?.value ?? 0) - (b.scores[x]?.value ?? 0));
  const height = Math.max(300, Math.min(460, width * 0.55));
  const at = { x: linear([0, 100], [44, Math.max(width - 20, 60)]), y: linear([0, 100], [height - 40, 16]) };
  const radius = (e: Entry) => linear([0, 100], [5, 15])(e.scores[size]?.value ?? 0);
  const current = there.find((e) => e.id === chosen) ?? null;
  const tabbed = current?.id ?? there[0]?.id;

  const move = (event: KeyboardEvent, i: number) => {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = there[(i + step + there.length) % there.length];
    if (!next) return;
    setChosen(next.id);
    marks.current.get(next.id)?.focus();
  };

  return (
    <div className="glass p-4 sm:p-6">
      <div className="mb-4 grid grid-cols-3 gap-3 sm:max-w-xl">
        <Choice label="Across" value={x} onChange={setX} />
        <Choice label="Up" value={y} onChange={setY} />
        <Choice label="Size" value={size} onChange={setSize} />
      </div>
      <div ref={ref} className="min-h-75">
        {width > 0 && (
          <svg width={width} height={height} role="group" aria-label={`${NAMES[y]} over ${NAMES[x].toLowerCase()}, a point for each of ${there.length} competitors; arrow keys go from one to the next`}>
            {ticks(0, 100, 5).map((t) => (
              <g key={t} className="fill-ink-3 text-xs tabular-nums" aria-hidden="true">
                <line x1={at.x(t)} x2={at.x(t)} y1={at.y(0)} y2={at.y(100)} className="stroke-line" />
                <line x1={at.x(0)} x2={at.x(100)} y1={at.y(t)} y2={at.y(t)} className="stroke-line" />
                <text x={at.x(t)} y={at.y(0) + 16} textAnchor="middle">
                  {t}
                </text>
                <text x={at.x(0) - 8} y={at.y(t) + 4} textAnchor="end">
                  {t}
                </text>
              </g>
            ))}
            <g className="fill-ink-2 text-xs font-semibold" aria-hidden="true">
              <text x={at.x(100)} y={at.y(0) + 33} textAnchor="end">
                {NAMES[x]}, better →
              </text>
              <text x={at.x(0) + 6} y={at.y(100) + 12}>
                ↑ {NAMES[y]}, better
              </text>
            </g>
            {there.map((e, i) => {
              const [px, py] = [e.scores[x], e.scores[y]];
              if (!px || !py) return null;
              const mine = e.id === current?.id;
              return (
                <g
                  key={e.id}
                  ref={(g) => {
                    if (g) marks.current.set(e.id, g);
                    else marks.current.delete(e.id);
                  }}
                  role="button"
                  tabIndex={e.id === tabbed ? 0 : -1}
                  aria-pressed={mine}
                  aria-label={`${e.competitor}: ${NAMES[x].toLowerCase()} ${score(px.value)}, ${NAMES[y].toLowerCase()} ${score(py.value)}, ${NAMES[size].toLowerCase()} ${score(e.scores[size]?.value)}`}
                  onClick={() => setChosen(e.id)}
                  onFocus={() => setChosen(e.id)}
                  onKeyDown={(event) => move(event, i)}
                  className="group cursor-pointer focus:outline-none"
                >
                  <line x1={at.x(px.low)} x2={at.x(px.high)} y1={at.y(py.value)} y2={at.y(py.value)} className="stroke-ink-3/50" />
                  <line x1={at.x(px.value)} x2={at.x(px.value)} y1={at.y(py.low)} y2={at.y(py.high)} className="stroke-ink-3/50" />
                  <circle cx={at.x(px.value)} cy={at.y(py.value)} r={Math.max(radius(e) + 4, 14)} className="fill-transparent stroke-2 stroke-transparent group-focus-visible:stroke-moss" />
                  <circle
                    cx={at.x(px.value)}
                    cy={at.y(py.value)}
                    r={radius(e)}
                    className={`stroke-[1.5] ${e.is_champion ? "fill-moss/70 stroke-moss" : mine ? "fill-mountain/80 stroke-mountain-ink" : "fill-mountain/40 stroke-mountain-ink"}`}
                  />
                  {(there.length <= LABELS_MAX || e.is_champion || mine) && (
                    <text
                      x={at.x(px.value) + (px.value > 70 ? -1 : 1) * (radius(e) + 7)}
                      y={at.y(py.value) - 6}
                      textAnchor={px.value > 70 ? "end" : "start"}
                      className="pointer-events-none fill-ink text-xs font-semibold"
                      aria-hidden="true"
                    >
                      {e.competitor}
                    </text>
                  )}
                </g>
              );
            })}
          </svg>
        )}
      </div>
      <p className="mt-3 flex min-h-11 flex-wrap items-center gap-x-4 gap-y-1 text-sm">
        {current ? (
          <>
            <strong>{current.competitor}</strong>
            {DIMENSIONS.map((d) => (
              <span key={d} className="text-ink-2 tabular-nums">
                {NAMES[d]} <span className="text-ink">{score(current.scores[d]?.value)}</span>
              </span>
            ))}
            {current.runs[0] && (
              <span className="text-ink-3">
                run <RunLink run={current.runs[0]} />
              </span>
            )}
          </>
        ) : (
          <span className="text-ink-3">Up and to the right is better; bars are 95 % intervals. Choose a point to see what stands behind it.</span>
        )}
      </p>
      <Fold title="The same as a table">
        <div className="overflow-x-auto text-sm" tabIndex={0} role="region" aria-label="The chart as a table">
          <table className="w-full text-left tabular-nums">
            <thead className="text-ink-2">
              <tr>
                <th scope="col" className="py-2 pr-4 font-semibold">
                  Competitor
                </th>
                {[x, y, size].map((d, i) => (
                  <th key={`${d}${i}`} scope="col" className="py-2 pr-4 font-semibold">
                    {NAMES[d]}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {entries.map((e) => (
                <tr key={e.id} className="border-t border-line/60">
                  <th scope="row" className="py-2 pr-4 font-normal">
                    {e.competitor}
                  </th>
                  {[x, y, size].map((d, i) => {
                    const of = e.scores[d];
                    return (
                      <td key={`${d}${i}`} className="py-2 pr-4 whitespace-nowrap">
                        {of ? `${score(of.value)} (${range(of)})` : "–"}
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Fold>
    </div>
  );
}
