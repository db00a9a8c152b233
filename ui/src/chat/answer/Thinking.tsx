/* The reasoning of an answer: closed, with its last line as a headline, until somebody wants to read it. */
import { useEffect, useRef, useState } from "react";
import { headline } from "@/chat/answer/headline";
import type { Answer } from "@/chat/types";
import { duration } from "@/lib/format";
import { Icon } from "@/lib/kit/Icon";

export function Thinking({ answer, live }: { answer: Answer; live: boolean }) {
  const [open, setOpen] = useState(false);
  const tail = useRef<HTMLDivElement>(null);
  const thinking = live && answer.text === "";
  useEffect(() => {
    if (open && thinking && tail.current) tail.current.scrollTop = tail.current.scrollHeight;
  });
  const took = !answer.reasoningMs ? "" : duration(answer.reasoningMs);
  return (
    <details
      open={open}
      onToggle={(event) => setOpen(event.currentTarget.open)}
      className="group rounded-xl border border-line bg-card/60 text-sm"
      data-testid="thinking"
    >
      <summary className="flex min-h-11 cursor-pointer list-none items-center gap-2.5 px-3.5 py-2 text-ink-2 hover:text-ink [&::-webkit-details-marker]:hidden">
        <Icon name="spark" className={`size-4 text-mountain-ink ${thinking ? "animate-pulse" : ""}`} />
        <span className="font-semibold">{thinking ? "Thinking" : "Thought"}</span>
        <span className="min-w-0 flex-1 truncate text-ink-3" data-testid="thinking-headline">
          {headline(answer.reasoning)}
        </span>
        <span className="text-ink-3 tabular-nums">{took}</span>
        <Icon name="chevron" className="size-4 transition-transform group-open:rotate-180" />
      </summary>
      {open && (
        <div
          ref={tail}
          tabIndex={0}
          role="region"
          aria-label="Reasoning"
          className="max-h-72 overflow-y-auto border-t border-line px-3.5 py-3 whitespace-pre-wrap text-ink-2 [overflow-wrap:anywhere]"
        >
          {answer.reasoning}
        </div>
      )}
    </details>
  );
}
