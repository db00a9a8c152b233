/* The chats of this browser: found, pinned, renamed, deleted, taken along. */
import { type ChangeEvent, useEffect, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useLayout } from "@/chat/layout";
import { exportAll, importFile } from "@/chat/sidebar/files";
import { SessionRow } from "@/chat/sidebar/SessionRow";
import { useSearch } from "@/chat/sidebar/search";
import { undoRemove, useChats } from "@/chat/store/chats";
import type { Session } from "@/chat/types";
import { Button, IconButton, LinkButton } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";

const SHOWN = 200; // rows at first; more are asked for

const order = (a: Session, b: Session) => Number(b.isPinned) - Number(a.isPinned) || b.updatedAt - a.updatedAt;

export function Sidebar({ current }: { current: string | undefined }) {
  const { isBeside, isOver, close } = useLayout();
  const box = useRef<HTMLElement>(null);
  useEffect(() => close(), [current, close]);
  useEffect(() => {
    if (!isOver) return;
    const before = document.activeElement;
    box.current?.querySelector<HTMLElement>("input")?.focus();
    const onKey = (event: globalThis.KeyboardEvent) => event.key === "Escape" && close();
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
      if (before instanceof HTMLElement) before.focus();
    };
  }, [isOver, close]);
  const place = isOver
    ? "fixed inset-y-0 left-0 z-50 flex w-[min(20rem,85vw)] bg-page shadow-2xl lg:static lg:z-auto lg:w-72 lg:bg-transparent lg:shadow-none"
    : isBeside
      ? "hidden w-72 lg:flex"
      : "hidden";
  return (
    <>
      {isOver && <button type="button" aria-label="Close the list of chats" tabIndex={-1} onClick={close} className="fixed inset-0 z-40 bg-black/60 lg:hidden" />}
      {/* a link to where one already is closes it too */}
      <aside ref={box} id="chats" aria-label="Chats" onClick={(event) => event.target instanceof Element && event.target.closest("a") && close()} className={`${place} shrink-0 flex-col border-r border-line`}>
        <List current={current} onClose={isOver ? close : undefined} />
      </aside>
    </>
  );
}

function List({ current, onClose }: { current: string | undefined; onClose?: () => void }) {
  const sessions = useChats((state) => state.sessions);
  const removed = useChats((state) => state.removed);
  const [words, setWords] = useState("");
  const [shown, setShown] = useState(SHOWN);
  const navigate = useNavigate();
  const all = useMemo(() => Object.values(sessions).sort(order), [sessions]);
  const found = useSearch(all, words);
  const pinned = found.filter((it) => it.isPinned);
  const others = found.filter((it) => !it.isPinned).slice(0, shown);

  return (
    <>
      <div className="grid gap-2 p-3">
        <div className="flex items-center gap-2">
          <LinkButton to="/chat" look="secondary" size="small" className="flex-1">
            <Icon name="plus" className="size-4" /> New chat
          </LinkButton>
          {onClose && (
            <IconButton label="Close the list of chats" onClick={onClose}>
              <Icon name="close" />
            </IconButton>
          )}
        </div>
        <label className="relative block">
          <span className="sr-only">Search your chats</span>
          <Icon name="search" className="pointer-events-none absolute top-1/2 left-3 size-4 -translate-y-1/2 text-ink-3" />
          <input
            type="search"
            value={words}
            onChange={(event) => setWords(event.target.value)}
            placeholder="Search"
            className="min-h-10 w-full rounded-full border border-line bg-page/60 pr-3 pl-9 text-sm placeholder:text-ink-3 focus-visible:border-moss"
          />
        </label>
      </div>
      <nav aria-label="Your chats" className="min-h-0 flex-1 overflow-y-auto px-2 pb-2">
        {pinned.length > 0 && <Group title="Pinned" sessions={pinned} current={current} />}
        {others.length > 0 && <Group title={words === "" ? "Newest" : "Found"} sessions={others} current={current} />}
        {found.length === 0 && (
          <p className="px-3 py-6 text-center text-sm text-ink-3">{words === "" ? "Your chats will be listed here. They stay in this browser." : "No chat holds these words."}</p>
        )}
        {found.length - pinned.length > shown && (
          <Button size="small" look="quiet" className="w-full" onClick={() => setShown(shown + SHOWN)}>
            Show more
          </Button>
        )}
      </nav>
      {removed !== null && (
        <div role="status" className="mx-3 mb-2 flex items-center gap-2 rounded-xl border border-line-2 bg-card px-3 py-1.5 text-sm">
          <span className="min-w-0 flex-1 truncate">Deleted “{removed.session.title}”</span>
          <Button
            size="small"
            look="quiet"
            onClick={() => {
              const back = undoRemove();
              if (back !== null) void navigate(`/chat/${back.id}`);
            }}
          >
            Undo
          </Button>
        </div>
      )}
      <Transfers />
    </>
  );
}

function Group({ title, sessions, current }: { title: string; sessions: Session[]; current: string | undefined }) {
  return (
    <section aria-label={title}>
      <h2 className="px-3 pt-3 pb-1 text-xs font-semibold text-ink-3">{title}</h2>
      <ul className="grid grid-cols-1 gap-0.5">
        {sessions.map((it) => (
          <SessionRow key={it.id} session={it} isCurrent={it.id === current} />
        ))}
      </ul>
    </section>
  );
}

function Transfers() {
  const input = useRef<HTMLInputElement>(null);
  const [told, setTold] = useState<{ text: string; isError: boolean } | null>(null);
  const navigate = useNavigate();
  const onFile = async (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    event.target.value = "";
    if (file === undefined) return;
    try {
      const ids = await importFile(file);
      setTold({ text: ids.length === 1 ? "1 chat was imported." : `${ids.length} chats were imported.`, isError: false });
      if (ids[0] !== undefined) void navigate(`/chat/${ids[0]}`);
    } catch (error) {
      setTold({ text: error instanceof Error ? error.message : String(error), isError: true });
    }
  };
  return (
    <div className="border-t border-line p-2">
      {told !== null && (
        <p role={told.isError ? "alert" : "status"} data-testid="import-told" className={`px-2 pb-2 text-sm [overflow-wrap:anywhere] ${told.isError ? "text-danger-ink" : "text-ink-2"}`}>
          {told.text}
        </p>
      )}
      <div className="flex gap-1">
        <Button size="small" look="quiet" className="flex-1" onClick={() => void exportAll()}>
          <Icon name="download" className="size-4" /> Export all
        </Button>
        <Button size="small" look="quiet" className="flex-1" onClick={() => input.current?.click()}>
          <Icon name="upload" className="size-4" /> Import
        </Button>
        <input ref={input} type="file" accept="application/json,.json" hidden data-testid="import-input" onChange={(event) => void onFile(event)} />
      </div>
    </div>
  );
}
