/* Where one writes: a field that grows, files, send or stop.  A composer is one draft's: key it by draftKey. */
import { type ClipboardEvent, type FormEvent, type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Attach, DraftList, useDrafts } from "@/chat/attach/Attach";
import { plain } from "@/chat/attach/drafts";
import { keepDraft, readDraft } from "@/chat/composer/drafts";
import type { Attachment } from "@/chat/types";
import { Icon } from "@/lib/kit/Icon";

interface Props {
  /** the session whose files and words these are */
  sessionId: string;
  draftKey: string;
  isStreaming: boolean;
  onSend: (text: string, attachments: Attachment[]) => void;
  onStop: () => void;
  /** put into the field, e.g. from an example; a new object each time */
  fill?: { text: string } | null;
}

const LINES = 10;

export function Composer({ sessionId, draftKey, isStreaming, onSend, onStop, fill }: Props) {
  const [text, setText] = useState(() => readDraft(draftKey));
  const field = useRef<HTMLTextAreaElement>(null);
  const files = useDrafts(sessionId);
  const { drafts, busy, error } = files;
  const canSend = !isStreaming && !busy && (text.trim() !== "" || drafts.length > 0);

  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, []);
  useEffect(() => {
    if (!fill) return;
    setText(fill.text);
    field.current?.focus();
  }, [fill]);
  useEffect(() => keepDraft(draftKey, text), [draftKey, text]);
  useLayoutEffect(() => {
    const it = field.current;
    if (it === null) return;
    it.style.height = "auto";
    const line = Number.parseFloat(getComputedStyle(it).lineHeight) || 24;
    it.style.height = `${Math.min(it.scrollHeight, LINES * line + 24)}px`;
  }, [text]);

  const send = (event?: FormEvent) => {
    event?.preventDefault();
    if (!canSend) return;
    keepDraft(draftKey, "");
    setText("");
    onSend(text.trim(), drafts.map(plain));
    files.clear();
  };
  const onKey = (event: KeyboardEvent) => {
    // while a word is composed Enter belongs to the input method
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    send();
  };
  const onPaste = (event: ClipboardEvent) => {
    const pasted = [...event.clipboardData.files];
    if (pasted.length === 0) return;
    event.preventDefault();
    files.add(pasted);
  };

  return (
    <form onSubmit={send} className="mx-auto w-full max-w-3xl px-3 pb-3 sm:px-4 sm:pb-5">
      <div
        className="rounded-[1.75rem] border border-line-2 bg-card/80 px-3 py-2 shadow-lg backdrop-blur-xl transition-colors focus-within:border-ink-3"
        onDragOver={(event) => event.dataTransfer.types.includes("Files") && event.preventDefault()}
        onDrop={(event) => {
          if (event.dataTransfer.files.length === 0) return;
          event.preventDefault();
          files.add([...event.dataTransfer.files]);
        }}
      >
        <DraftList attachments={drafts} onRemove={files.remove} onRetry={files.retry} />
        {error !== null && (
          <p role="status" className="px-2 py-1 text-sm text-danger-ink">
            {error}
          </p>
        )}
        <textarea
          ref={field}
          data-testid="chat-input"
          aria-label="Message"
          placeholder="Ask anything..."
          rows={1}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKey}
          onPaste={onPaste}
          className="block w-full resize-none bg-transparent px-2 py-2 leading-6 outline-none placeholder:text-ink-3"
        />
        <div className="flex items-center gap-1">
          <Attach drafts={files} />
          <span className="flex-1" />
          {isStreaming ? (
            <button
              type="button"
              data-testid="stop-button"
              aria-label="Stop the answer"
              title="Stop the answer"
              onClick={onStop}
              className="inline-grid size-11 place-items-center rounded-full bg-raised text-ink hover:bg-line-2 sm:size-10"
            >
              <Icon name="stop" />
            </button>
          ) : (
            <button
              type="submit"
              data-testid="send-button"
              aria-label="Send message"
              title="Send message"
              disabled={!canSend}
              className="inline-grid size-11 place-items-center rounded-full bg-moss text-on-moss transition-colors hover:bg-moss-strong disabled:bg-raised disabled:text-ink-3 sm:size-10"
            >
              <Icon name="up" />
            </button>
          )}
        </div>
      </div>
    </form>
  );
}
