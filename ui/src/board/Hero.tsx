import { useChampion, useLeaderboard, useStatus } from "@/board/data";
import { number, score } from "@/lib/format";

const cta = "inline-flex min-h-11 items-center justify-center rounded-full px-6 py-2.5 text-sm font-semibold whitespace-nowrap transition-colors";

function Stat({ label, value, note, wide = false }: { label: string; value: string; note: string; wide?: boolean }) {
  return (
    <div className={`grid min-w-0 gap-0.5 ${wide ? "col-span-2" : ""}`}>
      <dt className="text-sm text-ink-3">{label}</dt>
      <dd className="min-w-0">
        <span className="block truncate font-display text-2xl font-semibold tabular-nums sm:text-3xl" title={value}>
          {value}
        </span>
        <span className="block text-sm text-ink-2">{note}</span>
      </dd>
    </div>
  );
}

const PARTS = [
  ["#leaderboard", "Rankings"],
  ["#champion", "Champion"],
  ["#compare", "Compare"],
  ["#charts", "Charts"],
  ["#arena-leaderboard", "Arena"],
  ["#runs", "Runs"],
  ["#rules", "Rules"],
  ["#submit", "Submit"],
] as const;

export function Hero() {
  const board = useLeaderboard(null).data;
  const champion = useChampion().data;
  const status = useStatus().data;
  const judged = board?.data.reduce((sum, e) => sum + e.attempts, 0);
  const leads = board?.data.find((e) => e.is_champion)?.scores.composite;
  return (
    <div className="aurora border-b border-line">
      <div className="shell grid gap-8 pt-10 pb-3 sm:pt-14">
        <div className="grid items-end gap-x-14 gap-y-8 lg:grid-cols-[1fr_auto]">
          <div className="max-w-2xl">
            <h1 className="font-display text-4xl leading-tight font-semibold tracking-tight sm:text-5xl">
              May the best <span className="aurora-text">intelligence</span> lead.
            </h1>
            <p className="mt-4 text-lg text-ink-2">
              Anybody may submit. Each is asked the same questions, every answer is recorded byte by byte, and who is measurably best answers
              everybody who asks for <code className="font-mono text-[0.95em] text-ink">janus</code>.
            </p>
            <div className="mt-6 flex flex-wrap gap-3">
              <a href="#submit" className={`${cta} bg-moss text-on-moss hover:bg-moss-strong`}>
                Submit a competitor
              </a>
              <a href="#leaderboard" className={`${cta} border border-line-2 text-ink hover:border-ink-3 hover:bg-raised/60`}>
                See the rankings
              </a>
            </div>
          </div>
          <dl className="glass grid grid-cols-2 gap-x-10 gap-y-5 p-6 lg:w-96" aria-label="Live numbers">
            <Stat
              wide
              label="Champion"
              value={champion === undefined ? "–" : (champion.competitor ?? "Nobody yet")}
              note={leads ? `${score(leads.value)} of 100` : champion?.competitor ? "no run of the newest suite" : "the first whole run decides"}
            />
            <Stat label="Competitors" value={number(status?.competitors)} note={board ? `${number(board.data.length)} on the board` : "asking …"} />
            <Stat
              label="Runs"
              value={number(status?.runs)}
              note={judged === undefined ? "asking …" : judged === 0 ? "no answer counts yet" : `${number(judged)} answers count`}
            />
          </dl>
        </div>
        <nav aria-label="On this page" className="-mx-1 border-t border-line/70 pt-3">
          <ul className="flex flex-wrap gap-x-1">
            {PARTS.map(([to, label]) => (
              <li key={to}>
                <a href={to} className="inline-flex min-h-11 items-center rounded-full px-3 text-sm font-medium text-ink-2 hover:text-ink sm:min-h-9">
                  {label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </div>
    </div>
  );
}
