/* One file of an answer: what it is called and how large it is, whether it is what was announced, a look at it. */
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { type Fetched, fetchBytes, keep, Mismatch, pathOf, recall } from "@/chat/artifacts/bytes";
import { type Kind, kindName, kindOf } from "@/chat/artifacts/kinds";
import type { Artifact } from "@/chat/types";
import { save } from "@/lib/download";
import { ApiError } from "@/lib/errors";
import { bytes } from "@/lib/format";
import { Badge } from "@/lib/kit/Badge";
import { Button, IconButton } from "@/lib/kit/Button";
import { Icon, type IconName } from "@/lib/kit/Icon";
import { Loading } from "@/lib/kit/Notice";
import { fileName, oneLine } from "@/lib/markdown/clean";

const Preview = lazy(() => import("@/chat/artifacts/preview/Preview"));

/** Larger ones are fetched when they are asked for. */
const ASK_ABOVE = 2 << 20;

type State =
  | { is: "waiting" }
  | { is: "loading"; done: number }
  | { is: "there"; fetched: Fetched }
  | { is: "failed"; error: unknown };

const icons: Partial<Record<Kind, IconName>> = { image: "image", svg: "image", text: "code", html: "code" };

export function ArtifactCard({ artifact }: { artifact: Artifact }) {
  const kind = kindOf(artifact);
  const name = oneLine(fileName(artifact.name), 80);
  const path = pathOf(artifact);
  const why =
    artifact.unavailable ?? (path === null ? { reason: "url_not_allowed", message: "Its link does not lead to the gateway, so it is not offered." } : null);
  const card = useRef<HTMLDivElement>(null);
  const abort = useRef<AbortController | null>(null);
  const [state, setState] = useState<State>(() => {
    const known = recall(artifact);
    return known ? { is: "there", fetched: known } : { is: "waiting" };
  });
  useEffect(() => () => abort.current?.abort(), []);

  const load = async (): Promise<Fetched | null> => {
    if (state.is === "there") return state.fetched;
    abort.current?.abort();
    const own = new AbortController();
    abort.current = own;
    setState({ is: "loading", done: 0 });
    try {
      let shown = 0;
      const tell = (done: number) => {
        if (own.signal.aborted || done - shown < 1 << 18) return;
        shown = done;
        setState({ is: "loading", done });
      };
      const fetched = await fetchBytes(artifact, tell, own.signal);
      keep(artifact, fetched);
      if (!own.signal.aborted) setState({ is: "there", fetched });
      return fetched;
    } catch (error) {
      if (!own.signal.aborted) setState({ is: "failed", error });
      return null;
    }
  };

  // small ones are looked at as soon as the reader comes near
  const small = artifact.bytes > 0 && artifact.bytes <= ASK_ABOVE && why === null;
  useEffect(() => {
    const place = card.current;
    if (!small || state.is !== "waiting" || place === null) return;
    const near = new IntersectionObserver(
      (seen) => {
        if (!seen.some((it) => it.isIntersecting)) return;
        near.disconnect();
        void load();
      },
      { rootMargin: "300px" },
    );
    near.observe(place);
    return () => near.disconnect();
  });

  const saveIt = async () => {
    const fetched = await load();
    if (fetched !== null) save(fetched.blob, fileName(artifact.name));
  };

  return (
    <div ref={card} className="overflow-hidden rounded-2xl border border-line-2 bg-card" data-testid="artifact" data-state={why ? "unavailable" : state.is}>
      <div className="flex items-center gap-3 px-4 py-3">
        <span className="grid size-10 shrink-0 place-items-center rounded-xl bg-raised text-ink-2">
          <Icon name={icons[kind] ?? "file"} />
        </span>
        <div className="grid min-w-0 flex-1 gap-0.5">
          <p className="truncate font-semibold" title={name}>
            <bdi>{name}</bdi>
          </p>
          <p className="flex flex-wrap items-center gap-x-2 gap-y-1 text-sm text-ink-2">
            <span>{kindName(kind)}</span>
            {artifact.bytes > 0 && <span className="tabular-nums">{bytes(artifact.bytes)}</span>}
            {why === null && <Verdict state={state} />}
          </p>
        </div>
        {why === null && state.is === "loading" && (
          <>
            <progress className="w-16 sm:w-24" aria-label={`Fetching ${name}`} {...(artifact.bytes > 0 ? { max: artifact.bytes, value: state.done } : {})} />
            <IconButton label={`Cancel fetching ${name}`} onClick={() => { abort.current?.abort(); setState({ is: "waiting" }); }}>
              <Icon name="close" className="size-4" />
            </IconButton>
          </>
        )}
        {why === null && state.is !== "loading" && !(state.is === "failed" && state.error instanceof Mismatch) && (
          <IconButton label={`Download ${name}`} onClick={() => void saveIt()}>
            <Icon name="download" />
          </IconButton>
        )}
      </div>
      {why !== null && (
        <p className="border-t border-line px-4 py-3 text-sm text-danger-ink">
          Not available: {oneLine(why.message, 400)} <span className="text-ink-2">({oneLine(why.reason, 60)})</span>
        </p>
      )}
      {why === null && state.is === "waiting" && !small && kind !== "none" && (
        <div className="border-t border-line px-4 py-3">
          <Button size="small" onClick={() => void load()}>
            Show it{artifact.bytes > 0 && ` (${bytes(artifact.bytes)})`}
          </Button>
        </div>
      )}
      {why === null && state.is === "failed" && (
        <div className="flex flex-wrap items-center gap-3 border-t border-line px-4 py-3 text-sm">
          <p role="alert" className="min-w-0 flex-1 text-danger-ink">
            {reasonOf(state.error)}
          </p>
          <Button size="small" onClick={() => void load()}>
            <Icon name="retry" className="size-4" /> Try again
          </Button>
        </div>
      )}
      {state.is === "there" && why === null && kind !== "none" && (
        <div className="border-t border-line">
          <Suspense fallback={<Loading what="the preview" />}>
            <Preview artifact={artifact} kind={kind} blob={state.fetched.blob} name={name} />
          </Suspense>
        </div>
      )}
    </div>
  );
}

function reasonOf(error: unknown): string {
  if (error instanceof Mismatch) return `Does not match: ${error.message} It is not offered.`;
  if (error instanceof ApiError && error.code === "artifact_expired") return "The gateway does not keep it any more: its time was over.";
  if (error instanceof ApiError) return `It could not be fetched: ${error.message} (${error.code})`;
  return `It could not be fetched: ${error instanceof Error ? error.message : String(error)}`;
}

function Verdict({ state }: { state: State }) {
  if (state.is === "there") {
    const { sha256, against } = state.fetched;
    return (
      <span title={`SHA-256 ${sha256}`} className="inline-flex items-center gap-1.5">
        <Badge tone={against === null ? "plain" : "good"}>
          {against === null ? "no hash announced" : "verified"}
        </Badge>
        <span className="font-mono text-xs text-ink-3">
          <span className="sr-only">SHA-256 begins with </span>
          {sha256.slice(0, 12)}
        </span>
      </span>
    );
  }
  if (state.is === "failed" && state.error instanceof Mismatch) return <Badge tone="bad">does not match</Badge>;
  if (state.is === "loading") return <span className="text-ink-3">is fetched and checked …</span>;
  return <span className="text-ink-3">not fetched yet</span>;
}
