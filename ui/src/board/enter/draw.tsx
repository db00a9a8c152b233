/* What diagrams are drawn with: boxes, arrows and words in the colours of the theme. */
import type { ReactNode } from "react";

export type Tone = "plain" | "ours" | "theirs" | "platform" | "bad";

const frames: Record<Tone, string> = {
  plain: "fill-card stroke-line-2",
  ours: "fill-moss/12 stroke-moss",
  theirs: "fill-mountain/12 stroke-mountain",
  platform: "fill-info/12 stroke-info",
  bad: "fill-danger/12 stroke-danger",
};

export function Box({ x, y, w, h, title, lines = [], tone = "plain", dashed = false }: { x: number; y: number; w: number; h: number; title: string; lines?: string[]; tone?: Tone; dashed?: boolean }) {
  const middle = y + h / 2 - (lines.length * 15) / 2 + 5;
  return (
    <g>
      <rect x={x} y={y} width={w} height={h} rx={10} strokeWidth={1.25} strokeDasharray={dashed ? "5 4" : undefined} className={frames[tone]} />
      <text x={x + w / 2} y={middle} textAnchor="middle" fontSize={14} fontWeight={600} className="fill-ink">
        {title}
      </text>
      {lines.map((line, i) => (
        <text key={line} x={x + w / 2} y={middle + 16 + i * 15} textAnchor="middle" fontSize={12} className="fill-ink-2">
          {line}
        </text>
      ))}
    </g>
  );
}

/** A region with its name at the top left. */
export function Region({ x, y, w, h, title, tone = "plain" }: { x: number; y: number; w: number; h: number; title: string; tone?: Tone }) {
  return (
    <g>
      <rect x={x} y={y} width={w} height={h} rx={14} strokeWidth={1.25} strokeDasharray="6 5" fill="none" className={frames[tone].replace(/fill-\S+/, "")} />
      <text x={x + 12} y={y + 19} fontSize={12} fontWeight={600} className="fill-ink-2">
        {title}
      </text>
    </g>
  );
}

type Point = [number, number];

/** Along the points, with a head at its end (and its beginning, if both); blocked: it does not arrive. */
export function Arrow({ points, both = false, dashed = false, blocked = false }: { points: Point[]; both?: boolean; dashed?: boolean; blocked?: boolean }) {
  const end = points.at(-1) ?? [0, 0];
  const stroke = blocked ? "stroke-danger" : "stroke-ink-3";
  return (
    <g fill="none" strokeWidth={1.5} strokeLinecap="round" strokeLinejoin="round" className={stroke}>
      <polyline points={points.map((each) => each.join(",")).join(" ")} strokeDasharray={dashed ? "5 4" : undefined} />
      {blocked ? <path d={`M${end[0] - 6} ${end[1] - 6}l12 12m0 -12l-12 12`} strokeWidth={2.5} /> : <Head at={end} from={points.at(-2) ?? end} />}
      {both && <Head at={points[0] ?? end} from={points[1] ?? end} />}
    </g>
  );
}

function Head({ at, from }: { at: Point; from: Point }) {
  const angle = Math.atan2(at[1] - from[1], at[0] - from[0]);
  const side = (turn: number) => `${at[0] - 8 * Math.cos(angle + turn)},${at[1] - 8 * Math.sin(angle + turn)}`;
  return <polyline points={`${side(0.45)} ${at.join(",")} ${side(-0.45)}`} />;
}

export function Words({ x, y, children, anchor = "middle", strong = false }: { x: number; y: number; children: ReactNode; anchor?: "start" | "middle" | "end"; strong?: boolean }) {
  return (
    <text x={x} y={y} textAnchor={anchor} fontSize={12} fontWeight={strong ? 600 : 400} className={strong ? "fill-ink" : "fill-ink-2"}>
      {children}
    </text>
  );
}
