/* "Rodeo Rankings": the board of one suite, searched, weighed anew and taken along. */
import { useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { BoardTable } from "@/board/BoardTable";
import { HEADERS } from "@/board/columns";
import { boardCsv } from "@/board/csv";
import { useLeaderboard, useRun, useSuites } from "@/board/data";
import { Fold } from "@/board/Fold";
import { asRanked, rerank, sameWeights, weightsOf } from "@/board/rank";
import { RunLink } from "@/board/Score";
import { Section } from "@/board/Section";
import { DIMENSIONS, NAMES, type Weights } from "@/board/types";
import { WeightSliders } from "@/board/WeightSliders";
import { save } from "@/lib/download";
import { number, shortDigest } from "@/lib/format";
import { Badge } from "@/lib/kit/Badge";
import { Button } from "@/lib/kit/Button";
import { inputLook } from "@/lib/kit/Field";
import { Icon } from "@/lib/kit/Icon";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";

/** The suite that the address names; null: the one that decides. */
export function useSuite(): [string | null, (name: string | null) => void] {
  const [params, setParams] = useSearchParams();
  const choose = (name: string | null) =>
    setParams(
      (now) => {
        if (name === null) now.delete("suite");
        else now.set("suite", name);
        return now;
      },
      { replace: true, preventScrollReset: true },
    );
  return [params.get("suite"), choose];
}

function Definitions() {
  return (
    <div className="mt-4">
      <Fold boxed title="What the columns say">
        <dl className="grid gap-x-10 gap-y-3 text-sm sm:grid-cols-2">
          {HEADERS.map(([id, name, what]) => (
            <div key={id} className="grid grid-cols-[6rem_1fr] gap-3">
              <dt className="font-semibold">{name}</dt>
              <dd className="text-ink-2">{what}</dd>
            </div>
          ))}
          <div className="grid grid-cols-[6rem_1fr] gap-3">
            <dt className="font-semibold">History</dt>
            <dd className="text-ink-2">Scores of all its whole runs, oldest first.</dd>
          </div>
        </dl>
      </Fold>
    </div>
  );
}

export function Leaderboard() {
  const [suite, choose] = useSuite();
  const suites = useSuites().data?.data ?? [];
  const board = useLeaderboard(suite);
  const entries = board.data?.data;
  const newest = entries?.[0]?.runs[0];
  const measured = useRun(newest).data;
  const real = weightsOf(measured);
  const [own, setOwn] = useState<Weights | null>(null);
  const [weighing, setWeighing] = useState(false);
  const [params] = useSearchParams();
  const [text, setText] = useState(params.get("competitor") ?? "");
  const [state, setState] = useState("");
  const weights = own ?? real;
  const yours = own !== null && real !== null && !sameWeights(own, real);

  const rows = useMemo(() => {
    const ranked = yours && own !== null ? rerank(entries ?? [], own) : asRanked(entries ?? []);
    const wanted = text.trim().toLowerCase();
    return ranked.filter(
      ({ entry: e }) =>
        (wanted === "" || e.competitor.includes(wanted) || (e.digest ?? "").includes(wanted)) &&
        (state === "" || (state === "champion" ? e.is_champion || e.is_canary : e.state === state)),
    );
  }, [entries, own, yours, text, state]);

  const name = board.data?.suite ?? suite ?? "";
  const shownSuites = suites.some((s) => s.name === name) || name === "" ? suites.map((s) => s.name) : [name, ...suites.map((s) => s.name)];

  return (
    <Section
      id="leaderboard"
      title="Rodeo Rankings"
      lead="Everybody by the mean of their newest whole runs. Where intervals overlap, the rank is a range: who is better is not known yet."
      aside={
        <label className="grid gap-1.5 text-sm font-semibold">
          Suite
          <select className={`${inputLook} min-w-48 font-normal`} value={name} onChange={(event) => choose(event.target.value)}>
            {shownSuites.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <div className="mb-4 grid gap-3 sm:flex sm:flex-wrap sm:items-center">
        <input
          type="search"
          aria-label="Filter by name or digest"
          placeholder="Name or digest"
          value={text}
          onChange={(event) => setText(event.target.value)}
          className={`${inputLook} sm:w-56`}
        />
        <select aria-label="Filter by state" value={state} onChange={(event) => setState(event.target.value)} className={`${inputLook} sm:w-44`}>
          <option value="">Every state</option>
          <option value="ready">Ready</option>
          <option value="not_ready">Not ready</option>
          <option value="champion">Champion or on trial</option>
        </select>
        <div className="flex flex-wrap gap-2 sm:ml-auto">
          <Button size="small" className="min-h-11 sm:min-h-9" aria-expanded={weighing} disabled={real === null} onClick={() => setWeighing(!weighing)}>
            <Icon name="scales" className="size-4" /> Weigh it yourself
          </Button>
          <Button
            size="small"
            className="min-h-11 sm:min-h-9"
            disabled={rows.length === 0}
            onClick={() => save(new Blob([boardCsv(rows, yours)], { type: "text/csv;charset=utf-8" }), `leaderboard-${name.replaceAll("/", "-")}.csv`)}
          >
            <Icon name="download" className="size-4" /> CSV
          </Button>
        </div>
      </div>

      {weighing && real !== null && weights !== null && (
        <div className="mb-4">
          <WeightSliders real={real} weights={weights} onChange={setOwn} />
        </div>
      )}
      <p role="status" className={yours ? "mb-4 rounded-xl border border-mountain/40 bg-mountain/10 px-4 py-3 text-sm" : "sr-only"}>
        {yours && real !== null && own !== null
          ? `This order is yours, not the board's: it weighs ${DIMENSIONS.map((d) => `${NAMES[d].toLowerCase()} ${number(own[d])}`).join(", ")}. The board weighs ${DIMENSIONS.map((d) => number(real[d])).join(", ")}.`
          : ""}
      </p>

      {board.isPending ? (
        <Loading what="the leaderboard" />
      ) : board.isError && entries === undefined ? (
        <ErrorNotice error={board.error} onRetry={() => board.refetch()} title="The leaderboard could not be read" />
      ) : entries?.length === 0 ? (
        <Empty icon="crown" title="Nobody is on this board yet">
          <p>A competitor is on it as soon as a run over the whole suite has finished.</p>
          <pre className="mt-4 overflow-x-auto rounded-xl bg-deep px-4 py-3 text-left font-mono text-sm text-ink" tabIndex={0} aria-label="The command that measures a competitor">
            janusctl run bench --competitor NAME --suite {name || "public/dev"} --wait
          </pre>
        </Empty>
      ) : rows.length === 0 ? (
        <Empty icon="search" title="Nobody matches">
          <Button
            size="small"
            onClick={() => {
              setText("");
              setState("");
            }}
          >
            Show everybody
          </Button>
        </Empty>
      ) : (
        <BoardTable rows={rows} own={yours} caption={`Rodeo Rankings, suite ${name}`} />
      )}

      {board.data && entries && entries.length > 0 && (
        <p className="mt-3 flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-ink-3">
          {board.data.decides && <Badge tone="good">decides who leads</Badge>}
          <span>
            Suite <span className="font-mono">{shortDigest(board.data.suite_digest)}</span>, scoring {board.data.scoring}
          </span>
          {real && newest && (
            <span>
              Weights {DIMENSIONS.map((d) => `${NAMES[d].toLowerCase()} ${number(real[d])}`).join(", ")}, of run <RunLink run={newest} />
            </span>
          )}
          {board.isError ? (
            <span className="text-danger-ink">Not up to date: {board.error.message}</span>
          ) : (
            <span>
              As of <time dateTime={new Date(board.dataUpdatedAt).toISOString()}>{new Date(board.dataUpdatedAt).toLocaleTimeString("en")}</time>
            </span>
          )}
        </p>
      )}
      <Definitions />
    </Section>
  );
}
