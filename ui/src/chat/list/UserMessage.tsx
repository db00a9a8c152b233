/* What the user said: on the right, to be copied or said otherwise. */
import { type KeyboardEvent, useState } from "react";
import { edit } from "@/chat/actions";
import { DraftList } from "@/chat/attach/Attach";
import { Branches } from "@/chat/list/Branches";
import type { Message } from "@/chat/types";
import { Button, IconButton } from "@/lib/kit/Button";
import { CopyButton } from "@/lib/kit/CopyButton";
import { inputLook } from "@/lib/kit/Field";
import { Icon } from "@/lib/kit/Icon";
import { Markdown } from "@/lib/markdown/Markdown";

interface Props {
  sessionId: string;
  message: Message;
  siblings: string[];
}

export function UserMessage({ sessionId, message, siblings }: Props) {
  const [isEdited, setEdited] = useState(false);
  if (isEdited) return <Editor message={message} onClose={() => setEdited(false)} onSend={(text) => void edit(sessionId, message, text)} />;
  return (
    <div className="group flex flex-col items-end gap-1">
      <div
        data-testid="user-message"
        className="max-w-[94%] rounded-[1.125rem] border border-line-2/50 bg-linear-to-br from-moss/20 to-mountain/18 min-w-0 px-4 py-2.5 whitespace-pre-wrap [overflow-wrap:anywhere] sm:max-w-[85%]"
      >
        {message.attachments.length > 0 && <DraftList attachments={message.attachments} />}
        {message.text.includes("```") ? <Markdown text={message.text} /> : message.text}
      </div>
      <div className="flex items-center opacity-100 transition-opacity sm:opacity-0 sm:group-focus-within:opacity-100 sm:group-hover:opacity-100">
        <Branches sessionId={sessionId} id={message.id} siblings={siblings} />
        <CopyButton text={message.text} />
        <IconButton label="Edit the message" onClick={() => setEdited(true)}>
          <Icon name="edit" className="size-4" />
        </IconButton>
      </div>
    </div>
  );
}

function Editor({ message, onClose, onSend }: { message: Message; onClose: () => void; onSend: (text: string) => void }) {
  const [text, setText] = useState(message.text);
  const send = () => {
    if (text.trim() === "") return;
    onClose();
    onSend(text.trim());
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === "Escape") onClose();
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <div className="grid gap-2">
      <textarea
        aria-label="Edit the message"
        autoFocus
        rows={Math.min(10, text.split("\n").length + 1)}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKey}
        className={inputLook}
      />
      <div className="flex justify-end gap-2">
        <Button size="small" onClick={onClose}>
          Cancel
        </Button>
        <Button size="small" look="primary" disabled={text.trim() === ""} onClick={send}>
          Send as a new version
        </Button>
      </div>
    </div>
  );
}
