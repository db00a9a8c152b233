/* The bar above the chat: the sidebar's button, who answers, and which way to chat. */
import { Link } from "react-router";
import { useLayout } from "@/chat/layout";
import { ModelSelect } from "@/chat/ModelSelect";
import { IconButton } from "@/lib/kit/Button";
import { Icon, type IconName } from "@/lib/kit/Icon";

export type Mode = "chat" | "compare" | "arena";

const modes: { mode: Mode; label: string; icon: IconName; to: string }[] = [
  { mode: "chat", label: "Chat", icon: "spark", to: "/chat" },
  { mode: "compare", label: "Compare", icon: "scales", to: "/chat?mode=compare" },
  { mode: "arena", label: "Arena", icon: "bolt", to: "/chat?mode=arena" },
];

interface Props {
  mode: Mode;
  model?: string;
  onModel?: (id: string) => void;
  title?: string;
}

export function TopBar({ mode, model, onModel, title }: Props) {
  const { toggle, isBeside, isOver } = useLayout();
  return (
    <div className="flex items-center gap-1 border-b border-line px-2 py-1.5 sm:px-3">
      <IconButton label="Chats" aria-controls="chats" aria-expanded={isBeside || isOver} onClick={toggle}>
        <Icon name="sidebar" />
      </IconButton>
      {mode === "chat" && model !== undefined && onModel !== undefined ? <ModelSelect value={model} onChange={onModel} /> : <h1 className="px-2 font-semibold">{mode === "arena" ? "Arena" : "Compare"}</h1>}
      {title !== undefined && <h1 className="sr-only min-w-0 flex-1 truncate px-2 text-center text-sm text-ink-2 xl:not-sr-only xl:px-2">{title}</h1>}
      <nav aria-label="Ways to chat" className="ml-auto flex shrink-0 rounded-full border border-line p-0.5 text-sm">
        {modes.map((it) => (
          <Link
            key={it.mode}
            to={it.to}
            aria-current={it.mode === mode ? "page" : undefined}
            title={it.label}
            className={`inline-flex size-11 items-center justify-center rounded-full font-medium sm:size-auto sm:min-h-8 sm:px-3 ${it.mode === mode ? "bg-raised text-ink" : "text-ink-2 hover:text-ink"}`}
          >
            <Icon name={it.icon} className="size-4 sm:hidden" />
            <span className="sr-only sm:not-sr-only">{it.label}</span>
          </Link>
        ))}
      </nav>
      {/* the sidebar has one of its own */}
      <Link to="/chat" aria-label="New chat" title="New chat" className={`inline-grid size-11 shrink-0 place-items-center rounded-full text-ink-2 hover:bg-raised/70 hover:text-ink sm:size-9 ${isBeside ? "lg:hidden" : ""}`}>
        <Icon name="plus" />
      </Link>
    </div>
  );
}
