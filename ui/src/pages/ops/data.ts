/*
 * What the tabs read: once or again and again (not while the browser's tab is hidden), and lists
 * page by page.
 */
import { type QueryClient, useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";
import { type Api, call, type List, withQuery } from "@/lib/api";

export type Query = Record<string, string | number | boolean | null | undefined>;
const PAGE = 50;

/** One object; every: ms between two looks. */
export function useObject<T>(path: string, { query = {}, every, enabled = true }: { query?: Query; every?: number; enabled?: boolean } = {}) {
  return useQuery({
    queryKey: [path, query],
    queryFn: ({ signal }) => call<T>(withQuery(path, query), { signal }),
    refetchInterval: every ?? false,
    enabled,
  });
}

/** A list, newest first; more: the next page, if there is one. */
export function usePages<T>(path: string, query: Query = {}, every?: number) {
  const pages = useInfiniteQuery({
    queryKey: [path, "pages", query],
    queryFn: ({ signal, pageParam }) => call<List<T>>(withQuery(path, { limit: PAGE, ...query, after: pageParam }), { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => (last.has_more ? (last.last_id ?? undefined) : undefined),
    refetchInterval: every ?? false,
  });
  const rows = useMemo(() => pages.data?.pages.flatMap(({ data }) => data), [pages.data]);
  return { ...pages, rows };
}

export const useCompetitors = (every?: number) =>
  useObject<List<Api<"Competitor">>>("/api/v1/competitors", { query: { limit: 500 }, every });

/** Something of these paths has changed: what is shown of them is asked for again. */
export const touch = (queries: QueryClient, paths: readonly string[]) =>
  Promise.all(
    paths.map((path) =>
      queries.invalidateQueries({ queryKey: [path] }),
    ),
  );

export function useTouch() {
  const queries = useQueryClient();
  return useCallback((paths: readonly string[]) => touch(queries, paths), [queries]);
}

/** What stands in the address behind the "?": filters, and what is open.  "" takes it out. */
export function useParam(name: string): [string, (value: string) => void] {
  const [params, set] = useSearchParams();
  const change = useCallback(
    (value: string) =>
      set(
        (now) => {
          const next = new URLSearchParams(now);
          if (value === "") next.delete(name);
          else next.set(name, value);
          return next;
        },
        { replace: true },
      ),
    [name, set],
  );
  return [params.get(name) ?? "", change];
}
