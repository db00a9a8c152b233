/* An answer as far as it has come; the same in the chat, beside another one, and in the arena. */
import { memo } from "react";
import { Artifacts } from "@/chat/artifacts/Artifacts";
import { Details } from "@/chat/answer/Details";
import { Thinking } from "@/chat/answer/Thinking";
import { Timeline } from "@/chat/answer/Timeline";
import type { Answer } from "@/chat/types";
import { ApiError } from "@/lib/errors";
import { duration } from "@/lib/format";
import { ErrorNotice } from "@/lib/kit/Notice";
import { Markdown } from "@/lib/markdown/Markdown";

interface Props {
  answer: Answer;
  /** more of it is coming */
  live: boolean;
  onRetry?: () => void;
  /** who answered, times and cost: not in a blind comparison */
  details?: boolean;
}

export const AnswerView = memo(function AnswerView({ answer, live, onRetry, details = true }: Props) {
  const isEmpty = answer.text === "" && answer.failure === null && answer.artifacts.length === 0;
  return (
    <div className="grid min-w-0 grid-cols-1 gap-3">
      {answer.reasoning !== "" && <Thinking answer={answer} live={live} />}
      {answer.steps.length > 0 && <Timeline answer={answer} live={live} />}
      {live && answer.text === "" && <Waiting answer={answer} />}
      {answer.text !== "" && <Markdown text={answer.text} live={live} />}
      {answer.artifacts.length > 0 && <Artifacts artifacts={answer.artifacts} requestId={details ? answer.requestId : null} />}
      {!live && isEmpty && answer.state === "done" && <p className="text-sm text-ink-3">The answer was empty.</p>}
      {answer.state === "stopped" && (
        <p className="text-sm text-ink-3">{`You stopped this answer${answer.durationMs === null ? "" : ` after ${duration(answer.durationMs)}`}.`}</p>
      )}
      {answer.finishReason === "length" && answer.state === "done" && (
        <p className="text-sm text-ink-3">This answer ended at its length limit.</p>
      )}
      {answer.failure !== null && (
        <ErrorNotice
          title={answer.text === "" ? "There is no answer" : "The answer ended early"}
          error={new ApiError(answer.failure)}
          onRetry={onRetry}
        />
      )}
      {details && !live && <Details answer={answer} />}
    </div>
  );
});

/** Until the first word: what is waited for. */
function Waiting({ answer }: { answer: Answer }) {
  const step = answer.steps.findLast((it) => it.state === "running");
  const what = step?.title ?? (answer.reasoning === "" ? "Waiting for the first word" : "Thinking");
  return (
    <p className="flex items-center gap-2.5 py-1 text-sm text-ink-2">
      <span aria-hidden="true" className="flex gap-1">
        {[0, 1, 2].map((dot) => (
          <span
            key={dot}
            className="size-1.5 animate-pulse rounded-full bg-moss"
            style={{ animationDelay: `${dot * 180}ms` }}
          />
        ))}
      </span>
      {what}
    </p>
  );
}
