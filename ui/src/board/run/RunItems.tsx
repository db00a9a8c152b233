/* What came of each item of a run: filtered, a step at a time, one of them in detail. */
import { useState } from "react";
import { useSearchParams } from "react-router";
import { ITEMS_MAX } from "@/board/data";
import { ItemDetail } from "@/board/run/ItemDetail";
import { DIMENSIONS, type Item, NAMES } from "@/board/types";
import { duration, number, score } from "@/lib/format";
import { StateBadge } from "@/lib/kit/Badge";
import { Button } from "@/lib/kit/Button";
import { inputLook } from "@/lib/kit/Field";
import { Empty } from "@/lib/kit/Notice";

const STEP = 40;

function Row({ item, onOpen }: { item: Item; onOpen: () => void }) {
  const took = item.measured.duration_ms;
  return (
    <li>
      <button
        type="button"
        onClick={onOpen}
        className="grid w-full grid-cols-[1fr_auto] items-center gap-x-5 gap-y-1 px-5 py-3 text-left hover:bg-raised/40 lg:grid-cols-[5.5rem_1fr_repeat(5,4.5rem)_5rem]"
      >
        <span>
          <StateBadge state={item.state} />
        </span>
        <span className="col-start-1 min-w-0 lg:col-start-auto">
          <span className="block font-semibold [overflow-wrap:anywhere]">
            {item.item}
            {item.epoch > 0 && <span className="font-normal text-ink-3"> · time {item.epoch + 1}</span>}
          </span>
          <span className="block truncate text-sm text-ink-3">
            {item.task_type}
            {(item.why ?? item.error) && ` · ${item.why ?? item.error}`}
          </span>
        </span>
        {DIMENSIONS.map((d) => (
          <span key={d} className={`text-right tabular-nums ${d === "quality" ? "col-start-2 row-start-1 lg:col-start-auto lg:row-start-auto" : "hidden lg:inline"}`}>
            <span className="sr-only">{NAMES[d]} </span>
            {score(item.scores[d])}
          </span>
        ))}
        <span className="col-start-2 row-start-2 text-right text-sm text-ink-3 tabular-nums lg:col-start-auto lg:row-start-auto">
          {duration(typeof took === "number" ? took : null)}
        </span>
      </button>
    </li>
  );
}

export function RunItems({ run, items }: { run: string; items: Item[] }) {
  const [params, setParams] = useSearchParams();
  const [state, setState] = useState("");
  const [task, setTask] = useState("");
  const [text, setText] = useState("");
  const [shown, setShown] = useState(STEP);
  const open = params.get("item");
  const chosen = open === null ? undefined : items.find((i) => i.id === open);
  const show = (id: string | null) =>
    setParams(
      (now) => {
        if (id === null) now.delete("item");
        else now.set("item", id);
        return now;
      },
      { preventScrollReset: true, replace: id === null },
    );

  const states = [...new Set(items.map((i) => i.state))].sort();
  const tasks = [...new Set(items.map((i) => i.task_type))].sort();
  const wanted = text.trim().toLowerCase();
  const found = items.filter(
    (i) =>
      (state === "" || i.state === state) &&
      (task === "" || i.task_type === task) &&
      (wanted === "" || `${i.item} ${i.why ?? ""} ${i.error ?? ""}`.toLowerCase().includes(wanted)),
  );

  return (
    <>
      <div className="mb-4 grid gap-3 sm:flex sm:flex-wrap sm:items-center">
        <input type="search" aria-label="Filter items by text" placeholder="Item or reason" value={text} onChange={(event) => setText(event.target.value)} className={`${inputLook} sm:w-56`} />
        <select aria-label="Filter items by state" value={state} onChange={(event) => setState(event.target.value)} className={`${inputLook} sm:w-40`}>
          <option value="">Every state</option>
          {states.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
        <select aria-label="Filter items by kind" value={task} onChange={(event) => setTask(event.target.value)} className={`${inputLook} sm:w-44`}>
          <option value="">Every kind</option>
          {tasks.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
        <p className="text-sm text-ink-3 tabular-nums" role="status">
          {found.length === items.length ? `${number(items.length)} items` : `${number(found.length)} of ${number(items.length)} items`}
          {items.length >= ITEMS_MAX && ", the first of more"}
        </p>
      </div>
      {found.length === 0 ? (
        <Empty icon="search" title="No item is like that" />
      ) : (
        <>
          <div className="hidden grid-cols-[5.5rem_1fr_repeat(5,4.5rem)_5rem] gap-x-5 px-5 pb-2 text-right text-xs font-semibold text-ink-3 lg:grid" aria-hidden="true">
            <span />
            <span />
            {DIMENSIONS.map((d) => (
              <span key={d}>{NAMES[d]}</span>
            ))}
            <span>Took</span>
          </div>
          <ul className="divide-y divide-line/60 overflow-hidden rounded-2xl border border-line bg-card/50" aria-label="Items">
            {found.slice(0, shown).map((item) => (
              <Row key={item.id} item={item} onOpen={() => show(item.id)} />
            ))}
          </ul>
        </>
      )}
      {found.length > shown && (
        <Button size="small" className="mt-4 min-h-11 sm:min-h-9" onClick={() => setShown(shown + 2 * STEP)}>
          Show more of {number(found.length)}
        </Button>
      )}
      {chosen && <ItemDetail run={run} item={chosen} onClose={() => show(null)} />}
    </>
  );
}
