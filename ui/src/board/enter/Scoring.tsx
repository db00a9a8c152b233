/* How a score comes about: the weights and curves of the scoring itself, and what each part measures. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { CurveFigure } from "@/board/enter/CurveFigure";
import { Part } from "@/board/enter/Part";
import { type Scoring as Weights, scoringOf } from "@/board/enter/scoring";
import { type Api, call } from "@/lib/api";
import { useKey } from "@/lib/keys";
import { Icon } from "@/lib/kit/Icon";

const measures: Record<string, [string, string]> = {
  quality: ["bg-moss", "Is the answer right? A scorer decides by what the item says: facts made in whole sentences, numbers, code that passes its cases, calls that were made, files that hold what they should."],
  speed: ["bg-info", "Half the time to the first content, half the whole duration. White space, roles and comments stop no clock."],
  cost: ["bg-mango", "Dollars as the platform metered them; else as reported, else tokens, whichever scores lower. A report of nothing is not free."],
  streaming: ["bg-mountain", "Did it come steadily? Of items that asked for a stream: 60 % the share of stalled time, 40 % the longest silence."],
  modality: ["bg-papaya", "Quality again, of the items that are more than text: pictures, files, tables."],
};

export function Scoring() {
  const key = useKey((state) => state.key);
  const board = useQuery({
    queryKey: ["/api/v1/leaderboard", "scoring", key],
    queryFn: ({ signal }) => call<Api<"Leaderboard">>("/api/v1/leaderboard?limit=1", { signal }),
    staleTime: 60_000,
  });
  const scoring = scoringOf(board.data?.scoring);
  if (scoring === null) return null;
  const weights = Object.entries(scoring.weights);
  const sum = weights.reduce((total, [, weight]) => total + weight, 0);
  return (
    <Part
      id="scoring"
      title="How scores come about"
      lead={
        <>
          Scoring <strong className="font-semibold text-ink">{scoring.version}</strong>, from the file that runs are scored with. An answer
          whose quality is below {Math.round(scoring.pass_mark * 100)} of 100 has failed, and is worth nothing in any part: nobody earns by
          being wrong quickly.
        </>
      }
    >
      <div className="glass p-5 sm:p-6">
        <p className="font-mono text-sm leading-7">
          composite = ({weights.map(([name, weight]) => `${weight} × ${name}`).join(" + ")}) / {sum}
        </p>
        <div aria-hidden="true" className="mt-4 flex h-3 gap-0.5 overflow-hidden rounded-full">
          {weights.map(([name, weight]) => (
            <span key={name} className={measures[name]?.[0] ?? "bg-ink-3"} style={{ flexGrow: weight }} />
          ))}
        </div>
        <dl className="mt-6 grid gap-6 sm:grid-cols-2 lg:grid-cols-5">
          {weights.map(([name, weight]) => (
            <div key={name}>
              <dt className="flex items-baseline justify-between gap-2">
                <span className="flex items-center gap-2 font-semibold capitalize">
                  <span aria-hidden="true" className={`size-2.5 rounded-full ${measures[name]?.[0] ?? "bg-ink-3"}`} />
                  {name}
                </span>
                <span data-weight={name} className="font-display text-xl font-semibold tabular-nums">
                  {weight}
                  <span className="text-sm text-ink-3"> %</span>
                </span>
              </dt>
              <dd className="mt-1.5 text-sm text-ink-2">{measures[name]?.[1]}</dd>
            </div>
          ))}
        </dl>
        <p className="mt-6 text-sm text-ink-2">
          A part without any item is left out, and its weight goes to the others. Every number has a 95 % interval, of {scoring.samples.toLocaleString("en")}{" "}
          samples of the items.{" "}
          <Link className="underline underline-offset-4" to="/docs/scoring">
            Each scorer, and a worked example
          </Link>
          .
        </p>
      </div>
      <Curves scoring={scoring} />
    </Part>
  );
}

const axes: [string, string, "ms" | "usd" | "count" | "share"][] = [
  ["ttft_ms", "Time to the first content", "ms"],
  ["duration_ms", "Whole duration", "ms"],
  ["cost_usd", "Cost", "usd"],
  ["tokens", "Tokens, where there is no cost", "count"],
  ["stall_ratio", "Share of stalled time", "share"],
  ["max_gap_ms", "Longest silence", "ms"],
];

function Curves({ scoring }: { scoring: Weights }) {
  const others = Object.keys(scoring.curves).filter((name) => name !== "default");
  const all = scoring.curves.default ?? {};
  return (
    <details className="group mt-4 rounded-2xl border border-line-2">
      <summary className="flex min-h-12 cursor-pointer list-none items-center gap-2 px-5 py-3 font-semibold">
        <Icon name="right" className="size-4 transition-transform group-open:rotate-90" /> The curves: what a second, a cent and a silence are worth
      </summary>
      <div className="border-t border-line p-5">
        <div className="grid gap-5 sm:grid-cols-2 lg:grid-cols-3">
          {axes.map(([metric, title, unit]) => all[metric] && <CurveFigure key={metric} title={title} unit={unit} curve={all[metric]} />)}
        </div>
        {others.length > 0 && (
          <p className="mt-5 text-sm text-ink-2">
            Items of type {others.join(", ")} have curves of their own where their answers take longer, or should take less.
          </p>
        )}
      </div>
    </details>
  );
}
