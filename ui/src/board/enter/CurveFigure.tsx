/* A curve of the scoring as a picture, on a logarithmic axis, and as the numbers it is made of. */
import type { Curve } from "@/board/enter/scoring";
import { compact, duration } from "@/lib/format";

const units: Record<"ms" | "usd" | "count" | "share", (value: number) => string> = {
  ms: duration,
  usd: (value) => `$${value}`,
  count: compact,
  share: (value) => `${Math.round(value * 100)} %`,
};
const [W, H] = [280, 120];

export function CurveFigure({ title, unit, curve }: { title: string; unit: "ms" | "usd" | "count" | "share"; curve: Curve }) {
  const tell = units[unit];
  const scale = (value: number) => (unit === "share" ? value : Math.log(Math.max(value, 1e-9)));
  const first = curve[0]?.[0] ?? 0;
  const last = curve.at(-1)?.[0] ?? 1;
  const x = (value: number) => 8 + ((scale(value) - scale(first)) / (scale(last) - scale(first) || 1)) * (W - 16);
  const y = (part: number) => 8 + (1 - part) * (H - 16);
  const said = curve.map(([value, part]) => `${Math.round(part * 100)} at ${tell(value)}`).join(", ");
  return (
    <figure className="grid gap-2">
      <figcaption className="text-sm font-semibold">{title}</figcaption>
      <svg viewBox={`0 0 ${W} ${H}`} role="img" aria-label={`${title}: ${said}`} className="w-full rounded-xl bg-deep">
        {[0, 0.5, 1].map((part) => (
          <line key={part} x1={8} x2={W - 8} y1={y(part)} y2={y(part)} className="stroke-line" />
        ))}
        <polyline points={curve.map(([value, part]) => `${x(value)},${y(part)}`).join(" ")} fill="none" strokeWidth={2} className="stroke-moss" />
        {curve.map(([value, part]) => (
          <circle key={value} cx={x(value)} cy={y(part)} r={3} className="fill-moss" />
        ))}
      </svg>
      <p className="text-xs text-ink-3 tabular-nums">
        100 up to {tell(first)}, {Math.round((curve.at(-1)?.[1] ?? 0) * 100)} from {tell(last)}
      </p>
    </figure>
  );
}
