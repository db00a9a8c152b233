import type { ReactNode } from "react";
import { Link } from "react-router";
import { Part } from "@/board/enter/Part";
import { Icon, type IconName } from "@/lib/kit/Icon";

const steps: [string, IconName, ReactNode][] = [
  [
    "Build",
    "box",
    <>
      A container with an HTTP server: <code>/health</code> and <code>/v1/chat/completions</code>. Any language, any
      approach. <Link to="/docs/miner">How to write one</Link>.
    </>,
  ],
  [
    "Evaluate",
    "scales",
    <>
      The checks, the suites and the scoring are here to be run on your own machine: <code>janusctl conform</code> and{" "}
      <code>janus-bench run</code> say what the competition will say.
    </>,
  ],
  [
    "Submit",
    "upload",
    <>
      <a href="#submit">Submit the image</a>. Seconds later it is checked and serves, or you know which check failed,
      and what was seen.
    </>,
  ],
  [
    "Compete",
    "crown",
    <>
      It is measured by the suite that decides. Who is better by a margin, and significantly so, is tried on live chats,
      and then answers model <code>janus</code>.
    </>,
  ],
  [
    "Earn",
    "spark",
    <>
      Traffic: the champion answers every chat of model <code>janus</code>, and each chat and call is counted. This
      software pays no purse; what an operator makes of the counts is the operator’s matter.
    </>,
  ],
];

export function Steps() {
  return (
    <Part id="how" title="Five Steps to the Janus Rodeo" lead="From a program on your machine to the answer that everybody gets.">
      <ol className="grid gap-4 sm:grid-cols-2 lg:grid-cols-5">
        {steps.map(([name, icon, what], i) => (
          <li key={name} className="glass flex flex-col gap-3 p-5">
            <span className="flex items-center justify-between">
              <span className="grid size-10 place-items-center rounded-xl bg-moss/15 text-moss">
                <Icon name={icon} />
              </span>
              <span aria-hidden="true" className="font-display text-2xl font-semibold text-ink-3 tabular-nums">
                {i + 1}
              </span>
            </span>
            <h3 className="font-display text-lg font-semibold">{name}</h3>
            <p className="text-sm text-ink-2 [&_a]:underline [&_a]:underline-offset-4">{what}</p>
          </li>
        ))}
      </ol>
    </Part>
  );
}
