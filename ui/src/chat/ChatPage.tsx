/* The chat: sidebar, top bar, messages, composer; or, by ?mode=, two competitors beside each other. */
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { send } from "@/chat/actions";
import { follow } from "@/chat/answer/stream";
import { isOver } from "@/chat/answer/reduce";
import { Announcer } from "@/chat/Announcer";
import { Composer } from "@/chat/composer/Composer";
import { EmptyState } from "@/chat/EmptyState";
import { MessageList } from "@/chat/list/MessageList";
import { followAll, stop, useLive } from "@/chat/live";
import { lastModel, rememberModel } from "@/chat/models";
import { Sidebar } from "@/chat/sidebar/Sidebar";
import { StorageBanner } from "@/chat/StorageBanner";
import { load, newId, openThread, patchSession, UNNAMED, useChats } from "@/chat/store/chats";
import { pathTo } from "@/chat/store/tree";
import { type Mode, TopBar } from "@/chat/TopBar";
import type { Attachment } from "@/chat/types";
import { LinkButton } from "@/lib/kit/Button";
import { Empty, Loading } from "@/lib/kit/Notice";
import { useTitle } from "@/lib/title";

const ComparePane = lazy(() => import("@/chat/compare/ComparePane"));
const ArenaPane = lazy(() => import("@/chat/arena/ArenaPane"));

/** Once a page: what was kept is read, and answers that had not ended are followed. */
let started: Promise<void> | null = null;
const start = () => {
  started ??= load().then(() => followAll(follow));
  return started;
};

export default function ChatPage() {
  const { session: named } = useParams();
  const [params] = useSearchParams();
  const mode: Mode = params.get("mode") === "compare" ? "compare" : params.get("mode") === "arena" ? "arena" : "chat";
  const isReady = useChats((state) => state.isReady);
  useEffect(() => void start(), []);
  const title = useChats((state) => (named === undefined ? undefined : state.sessions[named]?.title));
  useTitle(title === undefined || title === UNNAMED ? "Chat" : title);

  return (
    <div className="flex h-[calc(100dvh-4rem-1px)] min-h-0">
      <Sidebar current={named} />
      <div className="flex min-w-0 flex-1 flex-col">
        <StorageBanner />
        {mode === "chat" ? (
          isReady ? (
            <Chat named={named} initial={params.get("q") ?? ""} />
          ) : (
            <Loading what="your chats" />
          )
        ) : (
          <>
            <TopBar mode={mode} />
            <Suspense fallback={<Loading what="the comparison" />}>{mode === "compare" ? <ComparePane /> : <ArenaPane />}</Suspense>
          </>
        )}
      </div>
    </div>
  );
}

function Chat({ named, initial }: { named: string | undefined; initial: string }) {
  const navigate = useNavigate();
  // a new chat has its id before it has a message, so that files can be kept for it
  const fresh = useMemo(() => (named === undefined ? newId() : named), [named]);
  const id = named ?? fresh;
  const session = useChats((state) => state.sessions[id]);
  const thread = useChats((state) => state.threads[id]);
  const [fill, setFill] = useState<{ text: string } | null>(initial === "" ? null : { text: initial });
  const [nextModel, setNextModel] = useState(lastModel);
  useEffect(() => {
    if (session !== undefined) void openThread(id);
  }, [id, session === undefined]);

  const tip = session?.tip ?? null;
  const path = useMemo(() => (thread ? pathTo(thread, tip) : []), [thread, tip]);
  const last = path.at(-1);
  const coming = useLive(({ answers }) => (last ? answers[last.id]?.state : undefined));
  const isStreaming = coming !== undefined || (last?.answer ? !isOver(last.answer) : false);
  const model = session?.model ?? nextModel;

  const choose = (chosen: string) => {
    rememberModel(chosen);
    setNextModel(chosen);
    if (session !== undefined) patchSession(id, { model: chosen });
  };
  const onSend = (text: string, attachments: Attachment[]) => {
    setFill(null);
    void send(id, model, text, attachments);
    if (named === undefined) void navigate(`/chat/${id}`, { replace: true });
  };

  if (named !== undefined && session === undefined)
    return (
      <div className="p-6">
        <h1 className="sr-only">Chat</h1>
        <Empty title="There is no such chat in this browser.">
          <p className="mb-4">It may have been deleted, or it is kept in another browser: export it there and import it here.</p>
          <LinkButton to="/chat" look="primary">
            New chat
          </LinkButton>
        </Empty>
      </div>
    );
  return (
    <>
      <TopBar mode="chat" model={model} onModel={choose} title={path.length > 0 ? session?.title : undefined} />
      {path.length === 0 ? (
        session !== undefined && thread === undefined ? (
          <div className="flex-1">
            <Loading what="the chat" />
          </div>
        ) : (
          <EmptyState onPick={(text) => setFill({ text })} />
        )
      ) : (
        <MessageList key={`list-${id}`} sessionId={id} thread={thread ?? {}} tip={tip} />
      )}
      <Announcer message={last} />
      <Composer
        key={`composer-${named ?? "new"}`}
        sessionId={id}
        draftKey={named ?? "new"}
        isStreaming={isStreaming}
        onSend={onSend}
        onStop={() => last && stop(last)}
        fill={fill}
      />
    </>
  );
}
