/* Who was who, after the vote. */
import type { ReactNode } from "react";
import { Link } from "react-router";
import { SIDES, type Vote } from "@/chat/arena/battle";
import { shortDigest } from "@/lib/format";
import { oneLine } from "@/lib/markdown/clean";

const said: Record<Vote["winner"], string> = {
  a: "You found A better.",
  b: "You found B better.",
  tie: "You found both as good.",
  bad: "You found both bad.",
};

export function Reveal({ vote, children }: { vote: Vote; children?: ReactNode }) {
  return (
    <div data-testid="arena-reveal" className="grid gap-4">
      <p role="status" className="text-center text-sm text-ink-2">
        {`${said[vote.winner]} A was ${oneLine(vote.a.competitor, 60)}, B was ${oneLine(vote.b.competitor, 60)}.`}
      </p>
      <dl className="grid gap-3 sm:grid-cols-2">
        {SIDES.map((side) => (
          <div key={side} className={`rounded-xl border px-4 py-3 ${vote.winner === side ? "border-moss bg-moss/10" : "border-line-2"}`}>
            <dt className="text-sm text-ink-2">Answer {side.toUpperCase()}</dt>
            <dd className="grid gap-0.5">
              <Link to={`/competition?competitor=${encodeURIComponent(vote[side].competitor)}#leaderboard`} className="font-display text-lg font-semibold text-moss underline underline-offset-4">
                <bdi>{oneLine(vote[side].competitor, 60)}</bdi>
              </Link>
              <span className="font-mono text-xs break-all text-ink-3">
                {shortDigest(vote[side].version_digest)} · {vote[side].request_id}
              </span>
            </dd>
          </div>
        ))}
      </dl>
      <p className="text-center text-sm">
        <Link to="/competition#arena-leaderboard" className="text-moss underline underline-offset-4">
          The arena's order
        </Link>
      </p>
      {children}
    </div>
  );
}
