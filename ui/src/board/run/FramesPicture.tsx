/* The frames of an attempt as a picture: text that grows over time, and the silences in between. */
import { useMemo } from "react";
import { Fold } from "@/board/Fold";
import { type Gap, STALL_MS, thinned, timeline } from "@/board/frames";
import { linear, ticks } from "@/lib/scale";
import type { Frames } from "@/board/types";
import { bytes, duration, number } from "@/lib/format";
import { Notice } from "@/board/run/Notice";
import { useWidth } from "@/lib/useMedia";

const HEIGHT = 260;
const POINTS_MAX = 1200;
const LEFT = 48;
const BOTTOM = 52;

const GAPS: Record<Gap["before"], string> = { first: "before the first content", next: "between two contents", end: "before the end" };
const KINDS = { content: "stroke-moss", reasoning: "stroke-mountain-ink", tool: "stroke-mango-ink", artifact: "stroke-info-ink" } as const;

export default function FramesPicture({ frames }: { frames: Frames }) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const t = useMemo(() => timeline(frames.data), [frames]);
  if (frames.data.length === 0) return <Notice>Nothing was recorded of it: it was never asked.</Notice>;

  const x = linear([0, t.end_ms || 1], [LEFT, Math.max(width - 8, LEFT + 10)]);
  const y = linear([0, Math.max(t.characters, 1)], [HEIGHT - BOTTOM, 14]);
  const moments = thinned(t.moments, POINTS_MAX);
  let path = `M${x(t.turns[0]?.from_ms ?? 0).toFixed(1)} ${y(0).toFixed(1)}`;
  for (const m of moments) path += `H${x(m.t_ms).toFixed(1)}V${y(m.total).toFixed(1)}`;
  path += `H${x(t.end_ms).toFixed(1)}`;
  const marked = t.gaps.filter((g) => g.ms > STALL_MS || g === t.longest);
  const seconds = (ms: number) => `${number(ms / 1000, t.end_ms < 10_000 ? 1 : 0)} s`;
  const summary = `${number(t.characters)} characters in ${duration(t.end_ms)}, the first after ${duration(t.first_ms)}; the longest silence is ${duration(t.longest?.ms)}${t.longest ? `, ${GAPS[t.longest.before]}` : ""}; ${t.pings === 1 ? "one heartbeat" : `${number(t.pings)} heartbeats`}.`;

  return (
    <figure>
      <div ref={ref} className="overflow-hidden rounded-xl border border-line bg-page/50">
        {width > 0 && (
          <svg width={width} height={HEIGHT} role="img" aria-label={`Characters over time: ${summary}`}>
            {ticks(0, t.end_ms, Math.max(2, width / 110)).map((at) => (
              <g key={at} className="fill-ink-3 text-xs tabular-nums">
                <line x1={x(at)} x2={x(at)} y1={14} y2={HEIGHT - BOTTOM} className="stroke-line" />
                <text x={x(at)} y={HEIGHT - 8} textAnchor={at === 0 ? "start" : x(at) > width - 24 ? "end" : "middle"}>
                  {seconds(at)}
                </text>
              </g>
            ))}
            {ticks(0, Math.max(t.characters, 1), 3).map((at) => (
              <text key={at} x={LEFT - 6} y={y(at) + 4} textAnchor="end" className="fill-ink-3 text-xs tabular-nums">
                {number(at)}
              </text>
            ))}
            {marked.map((g) => (
              <g key={`${g.from_ms}-${g.before}`}>
                <rect
                  x={x(g.from_ms)}
                  width={Math.max(x(g.to_ms) - x(g.from_ms), 1)}
                  y={14}
                  height={HEIGHT - BOTTOM - 14}
                  className={g.ms > STALL_MS ? "fill-danger/20" : "fill-mango/15"}
                />
                {x(g.to_ms) - x(g.from_ms) > 52 && (
                  <text x={(x(g.from_ms) + x(g.to_ms)) / 2} y={30} textAnchor="middle" className={`text-xs font-semibold ${g.ms > STALL_MS ? "fill-danger-ink" : "fill-mango-ink"}`}>
                    {duration(g.ms)}
                  </text>
                )}
              </g>
            ))}
            {t.turns.slice(1).map((turn) => (
              <line key={turn.from_ms} x1={x(turn.from_ms)} x2={x(turn.from_ms)} y1={14} y2={HEIGHT - BOTTOM} strokeDasharray="4 4" className="stroke-ink-3" />
            ))}
            <path d={path} fill="none" strokeWidth="2" className="stroke-moss" />
            {moments.map((m) => (
              <line key={`${m.t_ms}-${m.total}`} x1={x(m.t_ms)} x2={x(m.t_ms)} y1={HEIGHT - BOTTOM + 6} y2={HEIGHT - BOTTOM + 18} strokeWidth="1.5" className={KINDS[m.kind]} />
            ))}
          </svg>
        )}
      </div>
      <figcaption className="mt-2 text-sm text-ink-2">
        {summary} Shaded is the longest silence, red what is longer than {STALL_MS / 1000} s and so a stall; below, each stroke is a piece that came
        (green text, violet reasoning, amber tools){t.turns.length > 1 ? ", a dashed line another turn" : ""}.{" "}
        {frames.is_cut && "There is more of it than can be shown: all is in the evidence. "}
        <span className="text-ink-3">
          {number(frames.frames)} frames, {bytes(frames.bytes)}.
        </span>
      </figcaption>
      <Fold title="The silences as a list">
        <ol className="grid gap-1 text-sm tabular-nums">
          {[...t.gaps]
            .sort((a, b) => b.ms - a.ms)
            .slice(0, 10)
            .map((g) => (
              <li key={`${g.from_ms}-${g.before}`} className="flex flex-wrap justify-between gap-x-4 border-b border-line/60 py-1">
                <span>
                  {duration(g.ms)} {GAPS[g.before]}
                </span>
                <span className="text-ink-3">
                  from {duration(g.from_ms)} to {duration(g.to_ms)}
                </span>
              </li>
            ))}
        </ol>
      </Fold>
    </figure>
  );
}
