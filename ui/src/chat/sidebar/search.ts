import { useEffect, useState } from "react";
import { searchMessages } from "@/chat/store/db";
import type { Session } from "@/chat/types";

const WAIT = 200;

/** Sessions whose title holds the words at once, and a moment later those in which a message does. */
export function useSearch(all: Session[], words: string): Session[] {
  const wanted = words.trim().toLowerCase();
  const [inside, setInside] = useState<{ wanted: string; ids: ReadonlySet<string> }>({ wanted: "", ids: new Set() });
  useEffect(() => {
    if (wanted === "") return;
    const ending = new AbortController();
    const timer = setTimeout(() => {
      const ids = new Set<string>();
      void searchMessages(wanted, (id) => ids.add(id), ending.signal).then(() => {
        if (!ending.signal.aborted) setInside({ wanted, ids });
      });
    }, WAIT);
    return () => {
      clearTimeout(timer);
      ending.abort();
    };
  }, [wanted]);
  if (wanted === "") return all;
  return all.filter((it) => it.title.toLowerCase().includes(wanted) || (inside.wanted === wanted && inside.ids.has(it.id)));
}
