import { type KeyboardEvent, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { stopSession } from "@/chat/live";
import { exportOne } from "@/chat/sidebar/files";
import { patchSession, removeSession, rename } from "@/chat/store/chats";
import type { Session } from "@/chat/types";
import { IconButton } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";

/** One chat: its title, and behind a button what can be done with it. */
export function SessionRow({ session, isCurrent }: { session: Session; isCurrent: boolean }) {
  const [open, setOpen] = useState(false);
  const [isNamed, setNamed] = useState(false);
  const navigate = useNavigate();
  const { id, title, isPinned } = session;
  const more = `more-${id}`;

  const remove = () => {
    stopSession(id);
    void removeSession(id);
    if (isCurrent) void navigate("/chat");
  };
  if (isNamed) return <Rename title={title} onEnd={(named) => (named !== null && rename(id, named), setNamed(false))} />;
  return (
    <li className={`group min-w-0 rounded-xl ${isCurrent ? "bg-raised" : "hover:bg-raised/60"}`} data-testid="session">
      <div className="flex items-center">
        <Link to={`/chat/${id}`} aria-current={isCurrent ? "page" : undefined} className="flex min-h-11 min-w-0 flex-1 items-center gap-2 px-3 text-sm lg:min-h-10" title={title}>
          {isPinned && <Icon name="pin" className="size-3.5 text-mango-ink" />}
          <span className="truncate">{title}</span>
        </Link>
        <IconButton
          label={`Actions for ${title}`}
          aria-expanded={open}
          aria-controls={more}
          onClick={() => setOpen(!open)}
          className={open ? "" : "lg:opacity-0 lg:group-focus-within:opacity-100 lg:group-hover:opacity-100"}
        >
          <Icon name="more" className="size-4" />
        </IconButton>
      </div>
      {open && (
        <div id={more} className="flex justify-end px-1 pb-1">
          <IconButton label={isPinned ? "Unpin" : "Pin"} onClick={() => patchSession(id, { isPinned: !isPinned })}>
            <Icon name="pin" className="size-4" />
          </IconButton>
          <IconButton label="Rename" onClick={() => setNamed(true)}>
            <Icon name="edit" className="size-4" />
          </IconButton>
          <IconButton label="Export" onClick={() => void exportOne(id)}>
            <Icon name="download" className="size-4" />
          </IconButton>
          <IconButton label="Delete" onClick={remove}>
            <Icon name="trash" className="size-4" />
          </IconButton>
        </div>
      )}
    </li>
  );
}

function Rename({ title, onEnd }: { title: string; onEnd: (title: string | null) => void }) {
  const [text, setText] = useState(title);
  const isOver = useRef(false);
  const end = (named: string | null) => {
    if (!isOver.current) onEnd(named);
    isOver.current = true;
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") end(text);
    if (event.key === "Escape") {
      event.stopPropagation();
      end(null);
    }
  };
  return (
    <li>
      <input
        aria-label="Title"
        autoFocus
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onFocus={(event) => event.target.select()}
        onKeyDown={onKey}
        onBlur={() => end(text)}
        className="min-h-11 w-full rounded-xl border border-moss bg-page px-3 text-sm lg:min-h-10"
      />
    </li>
  );
}
