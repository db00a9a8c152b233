import { sameWeights } from "@/board/rank";
import { DIMENSIONS, NAMES, type Weights } from "@/board/types";
import { number } from "@/lib/format";
import { Button } from "@/lib/kit/Button";

/** How much each part counts.  real: of the run that the board's first is measured by. */
export function WeightSliders({ real, weights, onChange }: { real: Weights; weights: Weights; onChange: (weights: Weights | null) => void }) {
  const sum = DIMENSIONS.reduce((all, d) => all + weights[d], 0);
  return (
    <fieldset className="rounded-2xl border border-line bg-card/60 p-5">
      <legend className="sr-only">Weights of the parts</legend>
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2 lg:grid-cols-5">
        {DIMENSIONS.map((d) => (
          <label key={d} className="grid gap-1 text-sm">
            <span className="flex justify-between gap-2">
              <span className="font-semibold">{NAMES[d]}</span>
              <span className="tabular-nums text-ink-2">{sum > 0 ? `${number((100 * weights[d]) / sum)} %` : "–"}</span>
            </span>
            <input
              type="range"
              min={0}
              max={100}
              step={1}
              value={weights[d]}
              aria-label={`Weight of ${NAMES[d].toLowerCase()}`}
              onChange={(event) => onChange({ ...weights, [d]: Number(event.target.value) })}
              className="h-11 w-full accent-moss sm:h-7"
            />
            <span className="text-xs text-ink-3">the board: {number(real[d])}</span>
          </label>
        ))}
      </div>
      <div className="mt-4 flex flex-wrap items-center justify-between gap-3">
        <p className="max-w-prose text-sm text-ink-2">
          The score is the mean of the parts by these weights; a part that nothing was asked for leaves its weight to the others. Your order has
          no intervals: they follow from single items.
        </p>
        <Button size="small" disabled={sameWeights(real, weights)} onClick={() => onChange(null)}>
          Reset to the board's weights
        </Button>
      </div>
    </fieldset>
  );
}
