/* The same prompt to two competitors, beside each other. Nothing of it is kept. */
import { useEffect, useReducer, useRef, useState } from "react";
import { AnswerView } from "@/chat/AnswerView";
import { messagesOf } from "@/chat/actions";
import { isOver, newAnswer } from "@/chat/answer/reduce";
import { chat, newIds, stopStream } from "@/chat/answer/stream";
import { Composer } from "@/chat/composer/Composer";
import { ModelSelect } from "@/chat/ModelSelect";
import { modelName, useModels } from "@/chat/models";
import type { Answer, Attachment, Message } from "@/chat/types";
import { Empty } from "@/lib/kit/Notice";

interface Round {
  user: Message;
  answers: [Answer, Answer];
}

const SIDES = [0, 1] as const;
type Side = (typeof SIDES)[number];

const asMessage = (id: string, parent: string, answer: Answer): Message => ({ id, parent, role: "assistant", createdAt: answer.clock.startedAt, text: "", attachments: [], answer });

export default function ComparePane() {
  const { data } = useModels();
  const [models, setModels] = useState<[string, string] | null>(null);
  const [sessionId] = useState(() => crypto.randomUUID());
  const rounds = useRef<Round[]>([]);
  const aborts = useRef<AbortController[]>([]);
  const [, render] = useReducer((n: number) => n + 1, 0);
  const planned = useRef(false);
  useEffect(() => () => aborts.current.forEach((it) => it.abort()), []);

  const competitors = (data?.data ?? []).filter((it) => it.id.startsWith("janus/")).map((it) => it.id);
  const [left, right] = models ?? [competitors[0] ?? "janus", competitors[1] ?? competitors[0] ?? "janus"];
  const pick = (side: Side, id: string) => setModels(side === 0 ? [id, right] : [left, id]);

  const show = () => {
    if (planned.current) return;
    planned.current = true;
    requestAnimationFrame(() => {
      planned.current = false;
      render();
    });
  };
  const ask = async (round: Round, side: Side) => {
    const path = rounds.current.flatMap((it, i) => (it === round ? [it.user] : [it.user, asMessage(`${i}`, it.user.id, it.answers[side])]));
    const abort = new AbortController();
    aborts.current.push(abort);
    try {
      for await (const answer of chat(round.answers[side], await messagesOf(path), { signal: abort.signal, resume: false })) {
        round.answers[side] = answer;
        show();
      }
    } catch {
      round.answers[side] = { ...round.answers[side], state: "stopped" };
      show();
    }
  };
  const begin = (round: Round, side: Side) => {
    round.answers[side] = newAnswer(side === 0 ? left : right, Date.now(), newIds());
    show();
    void ask(round, side);
  };
  const send = (text: string, attachments: Attachment[]) => {
    const user: Message = { id: crypto.randomUUID(), parent: null, role: "user", createdAt: Date.now(), text, attachments, answer: null };
    const round: Round = { user, answers: [newAnswer(left, 0), newAnswer(right, 0)] };
    rounds.current.push(round);
    for (const side of SIDES) begin(round, side);
  };
  const stop = () => {
    for (const { answers } of rounds.current) for (const { streamId, state } of answers) if (streamId !== null && state === "streaming") void stopStream(streamId).catch(() => undefined);
    for (const it of aborts.current.splice(0)) it.abort();
  };
  const isStreaming = rounds.current.some((it) => it.answers.some((answer) => !isOver(answer)));

  return (
    <>
      <div className="grid grid-cols-2 border-b border-line">
        {SIDES.map((side) => (
          <div key={side} className="min-w-0 px-2 py-1 first:border-r first:border-line">
            <ModelSelect value={side === 0 ? left : right} onChange={(id) => pick(side, id)} label={side === 0 ? "Left competitor" : "Right competitor"} testId={`compare-${side === 0 ? "left" : "right"}`} />
          </div>
        ))}
      </div>
      <div role="region" aria-label="Answers" tabIndex={0} data-testid="compare-answers" aria-busy={isStreaming} className="min-h-0 flex-1 overflow-y-auto">
        {rounds.current.length === 0 ? (
          <div className="mx-auto max-w-2xl p-6">
            <Empty icon="scales" title="The same words to two competitors">
              Choose them above and write below. Both answers come side by side, with time and cost. They are gone when you leave this page.
            </Empty>
          </div>
        ) : (
          rounds.current.map((round) => (
            <section key={round.user.id} className="border-b border-line pb-4">
              <p data-testid="user-message" className="px-4 pt-5 pb-2 text-lg font-semibold whitespace-pre-wrap [overflow-wrap:anywhere]">
                {round.user.text}
              </p>
              <div className="grid md:grid-cols-2">
                {SIDES.map((side) => (
                  <article key={side} data-testid="assistant-message" data-state={round.answers[side].state} aria-label={modelName(round.answers[side].model)} className="min-w-0 px-4 py-3 first:border-line md:first:border-r">
                    <h2 className="mb-2 text-sm font-semibold text-ink-2">{modelName(round.answers[side].model)}</h2>
                    <AnswerView answer={round.answers[side]} live={!isOver(round.answers[side])} onRetry={() => begin(round, side)} />
                  </article>
                ))}
              </div>
            </section>
          ))
        )}
      </div>
      <div className="border-t border-line pt-3">
        <Composer sessionId={sessionId} draftKey="compare" isStreaming={isStreaming} onSend={send} onStop={stop} />
      </div>
    </>
  );
}
