import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { Dialog } from "@/lib/kit/Dialog";
import { inputLook } from "@/lib/kit/Field";
import { Icon } from "@/lib/kit/Icon";
import { ErrorNotice } from "@/lib/kit/Notice";
import { find, type Hit, index } from "@/pages/docs/search";

/** Opens the search; "/" and Ctrl-K do too. */
export function SearchButton({ wide = false }: { wide?: boolean }) {
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      const target = event.target instanceof HTMLElement ? event.target : null;
      const typing = target !== null && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
      if ((event.key === "k" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !typing && !event.ctrlKey && !event.altKey)) {
        event.preventDefault();
        setOpen(true);
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  return (
    <>
      <button
        type="button"
        onClick={() => setOpen(true)}
        className={`flex items-center gap-3 rounded-full border border-line-2 bg-card text-ink-3 transition-colors hover:border-ink-3 hover:text-ink-2 ${wide ? "min-h-13 w-full max-w-xl px-5" : "min-h-11 w-full px-4 text-sm"}`}
      >
        <Icon name="search" className="size-5" />
        Search the docs
        <kbd className="ml-auto rounded border border-line-2 px-1.5 font-mono text-xs max-lg:hidden">/</kbd>
      </button>
      {open && <SearchDialog onClose={() => setOpen(false)} />}
    </>
  );
}

function SearchDialog({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const query = useDeferredValue(text.trim());
  const { data, error, refetch } = useQuery({ queryKey: ["docs", "search"], queryFn: index, staleTime: Number.POSITIVE_INFINITY });
  const hits = useMemo(() => (data === undefined ? [] : find(data, query)), [data, query]);
  const go = useNavigate();
  const id = useId();
  const list = useRef<HTMLUListElement>(null);

  const choose = (hit: Hit) => {
    onClose();
    go(hit.to);
  };
  const move = (to: number) => {
    setAt(to);
    list.current?.children[to]?.scrollIntoView({ block: "nearest" });
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (hits.length > 0) move((at + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length);
    }
    const hit = hits[at];
    if (event.key === "Enter" && hit !== undefined) choose(hit);
  };

  return (
    <Dialog title="Search the docs" onClose={onClose} wide>
      <div className="grid gap-4">
        <input
          type="search"
          autoFocus
          role="combobox"
          aria-label="Search the docs"
          aria-expanded={hits.length > 0}
          aria-controls={`${id}-hits`}
          aria-activedescendant={hits.length > 0 ? `${id}-${at}` : undefined}
          placeholder="budget, failover, upstream_died …"
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKey}
          className={inputLook}
        />
        {error !== null && <ErrorNotice error={error} onRetry={() => void refetch()} />}
        <p role="status" className="text-sm text-ink-3">
          {query === ""
            ? "Titles, headings, text and calls, in all pages."
            : data === undefined
              ? "Reading the docs …"
              : hits.length === 0
                ? "Nothing has all of these words."
                : `${hits.length} ${hits.length === 1 ? "place" : "places"}`}
        </p>
        <ul ref={list} id={`${id}-hits`} role="listbox" aria-label="Found" className="grid gap-1">
          {hits.map((hit, i) => (
            <li
              key={`${hit.to} ${i}`}
              id={`${id}-${i}`}
              role="option"
              aria-selected={i === at}
              onPointerMove={() => setAt(i)}
              onClick={() => choose(hit)}
              className={`grid cursor-pointer gap-0.5 rounded-xl px-4 py-2.5 ${i === at ? "bg-raised" : ""}`}
            >
              <span className="flex flex-wrap items-baseline gap-x-2">
                <span className="font-semibold [overflow-wrap:anywhere]">{hit.heading || hit.page}</span>
                {hit.heading !== "" && <span className="text-sm text-ink-3">{hit.page}</span>}
              </span>
              <span className="text-sm [overflow-wrap:anywhere] text-ink-2">{hit.excerpt}</span>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
