import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { Icon } from "@/lib/kit/Icon";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";
import { Markdown } from "@/lib/markdown/Markdown";
import { useTitle } from "@/lib/title";
import { Frame } from "@/pages/docs/Frame";
import { headings } from "@/pages/docs/headings";
import { resolve, withoutDeadLinks } from "@/pages/docs/links";
import { beside, type Doc } from "@/pages/docs/table";
import { textOf } from "@/pages/docs/texts";
import { useAnchor } from "@/pages/docs/useAnchor";

const TOC_MAX = 60;

/** A page of docs/, as it is in the repository. */
export function Article({ doc }: { doc: Doc }) {
  const { page, title } = doc;
  useTitle(`${title} · Docs`);
  const [holder, setHolder] = useState<HTMLElement | null>(null);
  useAnchor(holder);
  const { data, error, refetch } = useQuery({
    queryKey: ["docs", page],
    queryFn: () => textOf(page),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const text = useMemo(() => (data === undefined ? null : withoutDeadLinks(data)), [data]);
  const found = useMemo(() => headings(data ?? ""), [data]);
  const list = useMemo(() => {
    const all = found.filter(({ level }) => level === 2 || level === 3);
    return all.length > TOC_MAX && all.some(({ level }) => level === 2) ? all.filter(({ level }) => level === 2) : all;
  }, [found]);

  return (
    <Frame headings={list}>
      <article ref={setHolder} data-headings={found.length} className="docs min-w-0 max-w-[52rem]">
        {error !== null ? (
          <>
            <h1 className="mb-4 font-display text-4xl font-semibold">{title}</h1>
            <ErrorNotice error={error} title="This page could not be loaded." onRetry={() => void refetch()} />
          </>
        ) : text === null ? (
          <Loading what={title} />
        ) : (
          <Markdown key={page} text={text} top={1} anchors resolveLink={resolve} />
        )}
      </article>
      <Beside page={page} />
    </Frame>
  );
}

/** The page before and the page after. */
export function Beside({ page }: { page: string }) {
  const { before, after } = beside(page);
  const look = "glass glass-link flex min-h-16 items-center gap-3 px-5 py-3";
  return (
    <nav aria-label="Before and after" className="mt-16 grid max-w-[52rem] gap-4 sm:grid-cols-2">
      {before ? (
        <Link to={`/docs/${before.page}`} rel="prev" className={look}>
          <Icon name="right" className="size-5 rotate-180 text-ink-3" />
          <span className="grid">
            <span className="text-xs text-ink-3">Before</span>
            <span className="font-semibold">{before.title}</span>
          </span>
        </Link>
      ) : (
        <span />
      )}
      {after && (
        <Link to={`/docs/${after.page}`} rel="next" className={`${look} justify-end text-right`}>
          <span className="grid">
            <span className="text-xs text-ink-3">Next</span>
            <span className="font-semibold">{after.title}</span>
          </span>
          <Icon name="right" className="size-5 text-ink-3" />
        </Link>
      )}
    </nav>
  );
}
