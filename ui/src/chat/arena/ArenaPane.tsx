/* The blind arena: one prompt, two answers, a vote, and then who was who. */
import { useEffect, useReducer, useRef, useState } from "react";
import { type Battle, canVote, end, fight, goneOn, newBattle, SIDES, type Side, type Vote, vote, type Winner } from "@/chat/arena/battle";
import { Reveal } from "@/chat/arena/Reveal";
import { AnswerView } from "@/chat/AnswerView";
import { isOver } from "@/chat/answer/reduce";
import type { ChatMessage } from "@/chat/answer/stream";
import { DraftList, toParts } from "@/chat/attach/Attach";
import { Composer } from "@/chat/composer/Composer";
import { useModels } from "@/chat/models";
import type { Attachment } from "@/chat/types";
import { ApiError } from "@/lib/errors";
import { Button, LinkButton } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";
import { Empty, ErrorNotice } from "@/lib/kit/Notice";

interface Round {
  id: string;
  text: string;
  attachments: Attachment[];
  /** the conversation that it goes on from, and that with its prompt */
  before: ChatMessage[];
  messages: ChatMessage[];
  battle: Battle;
  /** why there was no battle */
  refused: unknown;
  vote: Vote | null;
  voting: Winner | null;
  voteError: unknown;
}

const choices: { winner: Winner; label: string }[] = [
  { winner: "a", label: "A is better" },
  { winner: "tie", label: "Both as good" },
  { winner: "bad", label: "Both bad" },
  { winner: "b", label: "B is better" },
];

const isTooFew = (error: unknown): boolean => error instanceof ApiError && error.code === "no_ready_competitor";

export default function ArenaPane() {
  const [rounds, setRounds] = useState<Round[]>([]);
  const [carried, setCarried] = useState<{ messages: ChatMessage[]; from: Side } | null>(null);
  const [session] = useState(() => crypto.randomUUID());
  const abort = useRef<AbortController | null>(null);
  const bottom = useRef<HTMLDivElement>(null);
  useEffect(() => () => abort.current?.abort(), []);

  const change = (id: string, part: Partial<Round>) => setRounds((all) => all.map((it) => (it.id === id ? { ...it, ...part } : it)));
  const paint = usePerFrame();
  const last = rounds.at(-1);
  const isStreaming = last !== undefined && last.refused === null && !last.battle.isOver;

  const run = async (round: Round) => {
    const own = new AbortController();
    abort.current = own;
    let battle = round.battle;
    try {
      const content = await toParts(round.text, round.attachments);
      const messages: ChatMessage[] = [...round.before, { role: "user", content }];
      change(round.id, { messages, refused: null });
      for await (battle of fight(messages, own.signal)) {
        const now = battle;
        paint(() => change(round.id, { battle: now }));
      }
      paint(null);
      change(round.id, { battle });
    } catch (error) {
      paint(null);
      if (own.signal.aborted) change(round.id, { battle: { ...end(battle, null, Date.now()), isOver: true } });
      else change(round.id, { refused: error });
    }
  };
  const send = (text: string, attachments: Attachment[]) => {
    const round: Round = {
      id: crypto.randomUUID(),
      text,
      attachments,
      before: carried?.messages ?? [],
      messages: [],
      battle: newBattle(Date.now()),
      refused: null,
      vote: null,
      voting: null,
      voteError: null,
    };
    setCarried(null);
    setRounds((all) => [...all, round]);
    void run(round);
  };
  const again = (round: Round) => {
    const next = { ...round, battle: newBattle(Date.now()), refused: null };
    change(round.id, next);
    void run(next);
  };
  const cast = async (round: Round, winner: Winner) => {
    if (round.battle.id === null) return;
    change(round.id, { voting: winner, voteError: null });
    try {
      change(round.id, { vote: await vote(round.battle.id, winner), voting: null });
    } catch (error) {
      change(round.id, { voting: null, voteError: error });
    }
  };
  useEffect(() => {
    void bottom.current?.scrollIntoView({ block: "end" });
  }, [rounds.length, last?.vote]);

  return (
    <>
      <div role="region" aria-label="Battles" tabIndex={0} data-testid="arena" aria-busy={isStreaming} className="min-h-0 flex-1 overflow-y-auto">
        {rounds.length === 0 && <Intro />}
        {rounds.map((round) => (
          <section key={round.id} className="border-b border-line pb-6" aria-label="Battle">
            <div data-testid="user-message" className="mx-auto max-w-5xl px-4 py-5">
              {round.attachments.length > 0 && <DraftList attachments={round.attachments} />}
              <p className="font-semibold whitespace-pre-wrap [overflow-wrap:anywhere]">{round.text}</p>
            </div>
            {round.refused !== null ? (
              <div className="mx-auto max-w-2xl px-4">
                {isTooFew(round.refused) ? <TooFew onRetry={() => again(round)} /> : <ErrorNotice title="There was no battle" error={round.refused} onRetry={() => again(round)} />}
              </div>
            ) : (
              <>
                <div className="mx-auto grid max-w-7xl gap-4 px-4 md:grid-cols-2">
                  {SIDES.map((side) => (
                    <SideCard key={side} side={side} round={round} />
                  ))}
                </div>
                <div className="mx-auto grid max-w-5xl gap-4 px-4 pt-5">
                  {round.vote === null ? (
                    <VoteBar round={round} onVote={(winner) => void cast(round, winner)} />
                  ) : (
                    <Reveal vote={round.vote}>
                      {round === last && !isStreaming && (
                        <NextRound
                          winner={round.vote.winner}
                          onGoOn={(from) => setCarried({ messages: goneOn(round.messages, round.battle[from]), from })}
                        />
                      )}
                    </Reveal>
                  )}
                </div>
              </>
            )}
          </section>
        ))}
        <div ref={bottom} />
      </div>
      <div className="border-t border-line pt-3">
        {carried !== null && (
          <p className="mx-auto flex max-w-3xl items-center gap-3 px-6 pb-2 text-sm text-ink-2" role="status">
            <span className="flex-1">Your next message goes on from answer {carried.from.toUpperCase()}. Who answers it is drawn anew.</span>
            <Button size="small" look="quiet" onClick={() => setCarried(null)}>
              Begin anew instead
            </Button>
          </p>
        )}
        <Composer sessionId={session} draftKey="arena" isStreaming={isStreaming} onSend={send} onStop={() => abort.current?.abort()} />
      </div>
    </>
  );
}

/** Work that is done once a frame, the newest of it; null: what is waiting is not done any more. */
function usePerFrame(): (work: (() => void) | null) => void {
  const frame = useRef(0);
  const work = useRef<(() => void) | null>(null);
  const [, render] = useReducer((n: number) => n + 1, 0);
  useEffect(() => () => cancelAnimationFrame(frame.current), []);
  return (next) => {
    work.current = next;
    if (next === null) {
      cancelAnimationFrame(frame.current);
      frame.current = 0;
    } else if (frame.current === 0)
      frame.current = requestAnimationFrame(() => {
        frame.current = 0;
        work.current?.();
        render();
      });
  };
}

function SideCard({ side, round }: { side: Side; round: Round }) {
  const answer = round.battle[side];
  const name = `Answer ${side.toUpperCase()}`;
  const isWinner = round.vote?.winner === side;
  return (
    <article
      data-testid="arena-message"
      data-side={side}
      data-state={answer.state}
      aria-label={name}
      className={`min-w-0 rounded-2xl border bg-card px-4 py-3 ${isWinner ? "border-moss" : "border-line-2"}`}
    >
      <h2 className="mb-2 flex items-center gap-2 text-sm font-semibold text-ink-2">
        <span className={`grid size-7 place-items-center rounded-full font-display ${side === "a" ? "bg-mountain/20 text-mountain-ink" : "bg-papaya/15 text-papaya-ink"}`}>
          {side.toUpperCase()}
        </span>
        {name}
      </h2>
      <AnswerView answer={answer} live={!isOver(answer)} details={false} />
    </article>
  );
}

function VoteBar({ round, onVote }: { round: Round; onVote: (winner: Winner) => void }) {
  const { battle, voting, voteError } = round;
  if (!battle.isOver)
    return (
      <p role="status" className="text-center text-sm text-ink-2">
        Both are answering. You can vote when both have ended.
      </p>
    );
  if (!canVote(battle))
    return (
      <p role="status" className="text-center text-sm text-ink-2">
        There is nothing to vote on: {battle.a.state === "stopped" ? "the battle was stopped." : "neither answered."} Ask again below.
      </p>
    );
  return (
    <div className="grid gap-3">
      <p role="status" className="text-center font-display text-lg font-semibold">
        Which answer is better?
      </p>
      <div role="group" aria-label="Your vote" className="grid grid-cols-2 gap-2 sm:flex sm:justify-center">
        {choices.map(({ winner, label }) => (
          <Button
            key={winner}
            look={winner === "a" || winner === "b" ? "primary" : "secondary"}
            disabled={voting !== null}
            onClick={() => onVote(winner)}
            className={winner === "b" ? "order-2 sm:order-4" : winner === "a" ? "order-1" : winner === "tie" ? "order-3 sm:order-2" : "order-4 sm:order-3"}
          >
            {voting === winner ? "Voting …" : label}
          </Button>
        ))}
      </div>
      {voteError !== null && <ErrorNotice title="The vote was not taken" error={voteError} />}
    </div>
  );
}

function NextRound({ winner, onGoOn }: { winner: Winner; onGoOn: (from: Side) => void }) {
  const sides: Side[] = winner === "bad" ? [] : winner === "tie" ? ["a", "b"] : [winner];
  return (
    <p className="flex flex-wrap items-center justify-center gap-2 text-sm text-ink-2">
      <span>Write below for a next round with others{sides.length > 0 ? ", or" : "."}</span>
      {sides.map((side) => (
        <Button key={side} size="small" onClick={() => onGoOn(side)}>
          <Icon name="right" className="size-4" /> Go on from {side.toUpperCase()}
        </Button>
      ))}
    </p>
  );
}

function Intro() {
  const { data } = useModels();
  const ready = data?.data.filter((it) => it.id.startsWith("janus/") && it.janus.state === "ready").length;
  return (
    <div className="mx-auto flex min-h-full max-w-2xl flex-col justify-center gap-4 p-6">
      <Empty icon="scales" title="Two answers, no names">
        <p>Ask something. Two competitors that are drawn by lot answer it side by side. You say which answer is better, and then you see who they were. From all votes comes the arena's order.</p>
      </Empty>
      {ready !== undefined && ready < 2 && <TooFew />}
    </div>
  );
}

function TooFew({ onRetry }: { onRetry?: () => void }) {
  return (
    <div role="status" className="grid justify-items-start gap-3 rounded-xl border border-mango/50 bg-mango/10 p-4 text-sm">
      <p>
        <strong>Too few competitors are ready.</strong> A battle needs two. One that is asleep is started by a chat with it; more can be submitted.
      </p>
      <div className="flex flex-wrap gap-2">
        <LinkButton to="/competition" size="small">
          See the competitors
        </LinkButton>
        {onRetry && (
          <Button size="small" onClick={onRetry}>
            <Icon name="retry" className="size-4" /> Try again
          </Button>
        )}
      </div>
    </div>
  );
}
