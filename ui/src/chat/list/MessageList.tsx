/*
 * The path of a session that is shown.  Only what is near the window is rendered; while an answer
 * comes only its own row renders again.  The window follows the end as long as it is near it.
 */
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { isOver } from "@/chat/answer/reduce";
import { AssistantMessage } from "@/chat/list/AssistantMessage";
import { UserMessage } from "@/chat/list/UserMessage";
import { families, pathTo, type Thread } from "@/chat/store/tree";
import type { Message } from "@/chat/types";
import { Icon } from "@/lib/kit/Icon";

const NEAR = 100; // px from the end within which new words are followed

export function MessageList({ sessionId, thread, tip }: { sessionId: string; thread: Thread; tip: string | null }) {
  const path = useMemo(() => pathTo(thread, tip), [thread, tip]);
  const all = useMemo(() => families(thread), [thread]);
  const last = path.at(-1);
  const isBusy = last?.answer ? !isOver(last.answer) : false;
  const box = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const top = useRef(0);
  const [away, setAway] = useState(false);

  const rows = useVirtualizer({
    count: path.length,
    getScrollElement: () => box.current,
    estimateSize: (i) => (path[i]?.role === "user" ? 88 : 260),
    getItemKey: (i) => path[i]?.id ?? i,
    overscan: 4,
    paddingStart: 24,
  });
  const height = rows.getTotalSize();

  const toEnd = useCallback((behavior: ScrollBehavior = "instant") => {
    const it = box.current;
    if (it === null) return;
    follows.current = true;
    it.scrollTo({ top: it.scrollHeight, behavior });
  }, []);
  const onScroll = useCallback(() => {
    const it = box.current;
    if (it === null) return;
    const left = it.scrollHeight - it.clientHeight - it.scrollTop;
    if (left <= NEAR) follows.current = true;
    else if (it.scrollTop < top.current) follows.current = false;
    top.current = it.scrollTop;
    setAway(left > NEAR);
  }, []);

  /** In the same frame: the list learns the new height of a row only after it was painted. */
  const onGrow = useCallback(() => {
    if (follows.current) toEnd();
  }, [toEnd]);
  useLayoutEffect(() => {
    if (height > 0) onGrow();
  }, [height, onGrow]);
  useEffect(() => toEnd(), [sessionId, toEnd]);
  const lastUser = path.findLast((it) => it.role === "user")?.id;
  useEffect(() => {
    if (lastUser !== undefined) toEnd(); // who sends wants to see it
  }, [lastUser, toEnd]);

  return (
    <div className="relative min-h-0 flex-1">
      <div
        ref={box}
        data-testid="chat-messages"
        role="region"
        aria-label="Messages"
        aria-busy={isBusy}
        tabIndex={0}
        onScroll={onScroll}
        className="h-full overflow-x-hidden overflow-y-auto overscroll-contain [overflow-anchor:none]"
      >
        <div className="relative w-full" style={{ height }}>
          {rows.getVirtualItems().map(({ key, index, start }) => {
            const message = path[index];
            if (message === undefined) return null;
            return (
              <div
                key={key}
                ref={rows.measureElement}
                data-index={index}
                className="absolute top-0 left-0 w-full"
                style={{ transform: `translateY(${start}px)` }}
              >
                <Row sessionId={sessionId} message={message} family={all.get(message.parent) ?? [message]} isLast={index === path.length - 1} onGrow={onGrow} />
              </div>
            );
          })}
        </div>
      </div>
      {away && (
        <button
          type="button"
          aria-label="Go to the end"
          title="Go to the end"
          onClick={() => toEnd(matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth")}
          className="absolute bottom-3 left-1/2 inline-grid size-11 -translate-x-1/2 place-items-center rounded-full border border-line-2 bg-card shadow-lg hover:bg-raised"
        >
          <Icon name="chevron" />
        </button>
      )}
    </div>
  );
}

interface RowProps {
  sessionId: string;
  message: Message;
  /** the message and its siblings, oldest first */
  family: Message[];
  isLast: boolean;
  onGrow: () => void;
}

const sameFamily = (a: Message[], b: Message[]) => a.length === b.length && a.every((it, i) => it.id === b[i]?.id);

const Row = memo(
  function Row({ sessionId, message, family, isLast, onGrow }: RowProps) {
    const siblings = family.filter((it) => it.role === message.role).map((it) => it.id);
    return (
      <div className={`mx-auto w-full max-w-3xl px-4 pt-3 ${isLast ? "pb-10" : "pb-3"}`}>
        {message.role === "user" ? (
          <UserMessage sessionId={sessionId} message={message} siblings={siblings} />
        ) : (
          <AssistantMessage sessionId={sessionId} message={message} siblings={siblings} isLast={isLast} onGrow={onGrow} />
        )}
      </div>
    );
  },
  (a, b) => a.sessionId === b.sessionId && a.message === b.message && a.isLast === b.isLast && sameFamily(a.family, b.family),
);
