import { spark } from "@/lib/scale";

const WIDTH = 112;
const HEIGHT = 32;

/** A line of a few numbers over time, oldest first, as large as its place; null is a gap, the newest a dot. */
export function Sparkline({
  values,
  label,
  floor,
  least,
  className = "h-8 w-28 text-moss",
}: {
  values: readonly (number | null)[];
  /** what it shows, for those who do not see it */
  label: string;
  /** what its bottom stands for; the least value if not given */
  floor?: number;
  /** how much it spans from bottom to top at least */
  least?: number;
  className?: string;
}) {
  const { path, last } = spark(values, WIDTH, HEIGHT, { floor, least });
  const line = { fill: "none", stroke: "currentColor", strokeLinecap: "round", vectorEffect: "non-scaling-stroke" } as const;
  return (
    <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label} className={`shrink-0 ${className}`}>
      {floor !== undefined && <path {...line} d={`M0 ${HEIGHT - 1}H${WIDTH}`} strokeOpacity={0.2} />}
      <path {...line} d={path} strokeWidth={1.75} strokeLinejoin="round" />
      {last && <path {...line} d={`M${last.x} ${last.y}h0`} strokeWidth={5.5} />}
    </svg>
  );
}
