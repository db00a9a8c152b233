/* The lists beside a page: all pages by group, and the headings of this one. */
import { useEffect, useState } from "react";
import { Link, NavLink } from "react-router";
import type { Heading } from "@/pages/docs/headings";
import { groups } from "@/pages/docs/table";

export function Pages({ onGo }: { onGo?: () => void }) {
  return (
    <nav aria-label="Docs" className="grid gap-6">
      {groups.map(({ name, docs }) => (
        <div key={name} className="grid gap-1">
          <p className="px-3 text-xs font-semibold tracking-wide text-ink-3 uppercase">{name}</p>
          <ul>
            {docs.map(({ page, title }) => (
              <li key={page}>
                <NavLink
                  to={`/docs/${page}`}
                  onClick={onGo}
                  className={({ isActive }) =>
                    `flex min-h-11 items-center rounded-lg px-3 text-sm lg:min-h-8 ${isActive ? "bg-raised font-semibold text-ink" : "text-ink-2 hover:bg-raised/60 hover:text-ink"}`
                  }
                >
                  {title}
                </NavLink>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

/** Of those headings, the last that is above the middle of the window. */
function useReading(ids: string[]): string {
  const [at, setAt] = useState("");
  const all = ids.join(" ");
  useEffect(() => {
    let frame = 0;
    const look = () => {
      frame = 0;
      let last = "";
      for (const id of all.split(" ")) {
        const element = id === "" ? null : document.getElementById(id);
        if (element !== null && element.getBoundingClientRect().top < innerHeight / 3) last = id;
      }
      setAt(last);
    };
    const soon = () => {
      if (frame === 0) frame = requestAnimationFrame(look);
    };
    soon();
    addEventListener("scroll", soon, { passive: true });
    return () => {
      removeEventListener("scroll", soon);
      cancelAnimationFrame(frame);
    };
  }, [all]);
  return at;
}

export function OnThisPage({ headings, onGo }: { headings: Heading[]; onGo?: () => void }) {
  const top = Math.min(...headings.map(({ level }) => level));
  const reading = useReading(headings.map(({ id }) => id));
  if (headings.length === 0) return null;
  return (
    <nav aria-label="On this page" className="grid gap-2">
      <p className="text-xs font-semibold tracking-wide text-ink-3 uppercase">On this page</p>
      <ul className="border-l border-line-2">
        {headings.map(({ id, text, level }) => (
          <li key={id}>
            <Link
              to={`#${id}`}
              onClick={onGo}
              aria-current={reading === id ? "location" : undefined}
              className={`-ml-px flex min-h-11 items-center border-l-2 border-transparent py-1 text-sm [overflow-wrap:anywhere] text-ink-2 hover:text-ink aria-[current]:border-moss aria-[current]:text-ink lg:min-h-7 ${level > top ? "pl-6" : "pl-3"}`}
            >
              {text}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
