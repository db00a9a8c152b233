/* An answer in the chat, with what can be done with it.  While it comes, it is taken from live.ts. */
import { useLayoutEffect } from "react";
import { canGoOn, goOn, regenerate } from "@/chat/actions";
import { isOver } from "@/chat/answer/reduce";
import { AnswerView } from "@/chat/AnswerView";
import { Branches } from "@/chat/list/Branches";
import { useLive } from "@/chat/live";
import type { Message } from "@/chat/types";
import { Button, IconButton } from "@/lib/kit/Button";
import { CopyButton } from "@/lib/kit/CopyButton";
import { Icon } from "@/lib/kit/Icon";

interface Props {
  sessionId: string;
  message: Message;
  siblings: string[];
  isLast: boolean;
  /** more of it is shown than before */
  onGrow: () => void;
}

export function AssistantMessage({ sessionId, message, siblings, isLast, onGrow }: Props) {
  const coming = useLive(({ answers }) => answers[message.id]);
  const answer = coming ?? message.answer;
  useLayoutEffect(() => {
    if (coming !== undefined) onGrow();
  }, [coming, onGrow]);
  if (answer === null) return null;
  const live = !isOver(answer);
  const again = () => void regenerate(sessionId, message);
  return (
    <article data-testid="assistant-message" data-state={answer.state} aria-label="Answer" className="group grid min-w-0 grid-cols-1 gap-2">
      <AnswerView answer={answer} live={live} onRetry={again} />
      {!live && (
        <div className="-ml-2 flex flex-wrap items-center">
          <Branches sessionId={sessionId} id={message.id} siblings={siblings} />
          {answer.text !== "" && <CopyButton text={answer.text} />}
          <IconButton label="Regenerate response" onClick={again}>
            <Icon name="retry" className="size-4" />
          </IconButton>
          {isLast && canGoOn({ ...message, answer }) && (
            <Button size="small" look="quiet" onClick={() => void goOn(sessionId, message)}>
              <Icon name="right" className="size-4" /> Continue
            </Button>
          )}
        </div>
      )}
    </article>
  );
}
