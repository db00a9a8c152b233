import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { Link, useLocation } from "react-router";
import { call } from "@/lib/api";
import { inputLook } from "@/lib/kit/Field";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";
import { useTitle } from "@/lib/title";
import { Beside } from "@/pages/docs/Article";
import { Frame } from "@/pages/docs/Frame";
import { matches, type OpenApi, type Operation, operations } from "@/pages/docs/openapi";
import { Method, OperationView } from "@/pages/docs/OperationView";
import { ApiContext } from "@/pages/docs/SchemaView";
import { useAnchor } from "@/pages/docs/useAnchor";
import { Words } from "@/pages/docs/Words";

interface Group {
  tag: string;
  description: string;
  ops: Operation[];
}

function grouped(api: OpenApi, ops: Operation[]): Group[] {
  const tags = [...new Set(ops.map((op) => op.tag))];
  return tags.map((tag) => ({
    tag,
    description: api.tags?.find(({ name }) => name === tag)?.description ?? "",
    ops: ops.filter((op) => op.tag === tag),
  }));
}

const titled = (tag: string) => tag.charAt(0).toUpperCase() + tag.slice(1);

/** Every call of the served OpenAPI document. */
export default function Reference() {
  useTitle("API reference · Docs");
  const { data, error, refetch } = useQuery({
    queryKey: ["/openapi.json"],
    queryFn: ({ signal }) => call<OpenApi>("/openapi.json", { signal }),
    staleTime: 60_000,
  });
  const [filter, setFilter] = useState("");
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [holder, setHolder] = useState<HTMLElement | null>(null);
  const { hash, key } = useLocation();

  const all = useMemo(() => (data === undefined ? [] : operations(data)), [data]);
  const shown = useMemo(() => all.filter((op) => matches(op, filter.trim())), [all, filter]);
  const groups = useMemo(() => (data === undefined ? [] : grouped(data, shown)), [data, shown]);

  // who comes for one call sees it, whatever the filter says
  useEffect(() => {
    const id = decodeURIComponent(hash.slice(1));
    if (!all.some((op) => op.id === id)) return;
    setFilter("");
    setOpen((before) => new Set(before).add(id));
  }, [hash, key, all]);
  useAnchor(holder);

  const toggle = (id: string) =>
    setOpen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });

  const aside = (onGo?: () => void) => (
    <nav aria-label="Calls" className="grid gap-5">
      {groups.map(({ tag, ops }) => (
        <div key={tag} className="grid gap-1">
          <Link to={`#tag-${tag}`} onClick={onGo} className="text-xs font-semibold tracking-wide text-ink-3 uppercase hover:text-ink">
            {tag}
          </Link>
          <ul>
            {ops.map((op) => (
              <li key={op.id}>
                <Link
                  to={`#${op.id}`}
                  onClick={onGo}
                  className="flex min-h-11 items-center gap-2 rounded-md text-xs text-ink-2 hover:text-ink lg:min-h-7"
                >
                  <Method name={op.method} small />
                  <span className="min-w-0 truncate font-mono" title={op.path}>
                    {op.path.replace(/^\/api\/v1/, "")}
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );

  return (
    <Frame headings={[]} aside={aside}>
      <div ref={setHolder} className="grid max-w-[60rem] gap-10">
        <div className="grid gap-4">
          <h1 className="font-display text-4xl font-semibold">API reference</h1>
          <p className="max-w-prose text-lg text-ink-2">
            Every call of this gateway, read from its{" "}
            <a className="text-moss underline" href="/openapi.json">
              OpenAPI document
            </a>
            {data && <> (version {data.info.version})</>}. In words:{" "}
            <Link className="text-moss underline" to="/docs/api">
              the HTTP API
            </Link>
            .
          </p>
          <div className="grid gap-2">
            <input
              type="search"
              aria-label="Filter the calls"
              placeholder="Filter: submissions, DELETE, limit …"
              value={filter}
              onChange={(event) => setFilter(event.target.value)}
              className={`${inputLook} max-w-xl`}
            />
            <p role="status" className="text-sm text-ink-3">
              {data && (shown.length === all.length ? `${all.length} calls` : `${shown.length} of ${all.length} calls`)}
            </p>
          </div>
        </div>
        {error !== null && <ErrorNotice error={error} title="The API's description could not be read." onRetry={() => void refetch()} />}
        {data === undefined && error === null && <Loading what="the API's description" />}
        {data && shown.length === 0 && (
          <Empty icon="search" title="No call has all of these words.">
            The filter looks at methods, paths, summaries, scopes and the names of parameters.
          </Empty>
        )}
        {data && (
          <ApiContext value={data}>
            {groups.map(({ tag, description, ops }) => (
              <section key={tag} className="grid gap-3">
                <h2 id={`tag-${tag}`} className="scroll-mt-20 font-display text-2xl font-semibold">
                  {titled(tag)}
                </h2>
                {description && (
                  <p className="text-ink-2">
                    <Words text={description} />
                  </p>
                )}
                {ops.map((op) => (
                  <OperationView key={op.id} op={op} open={open.has(op.id)} onToggle={() => toggle(op.id)} />
                ))}
              </section>
            ))}
          </ApiContext>
        )}
      </div>
      <Beside page="reference" />
    </Frame>
  );
}
