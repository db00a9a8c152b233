/* What the board reads, each by its path.  Live: it is asked for again while somebody looks. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { itemOf, type Champion, type Entry, type Frames, type Item, type Leaderboard, type List, type Run, type Standings, type Suite } from "@/board/types";
import { type Api, call, withQuery } from "@/lib/api";

const LIVE_MS = 5_000;
const PAGE = 500;
const ENTRIES_MAX = 5_000;
export const ITEMS_MAX = 20_000;

function withLimit(path: string, after: string | null): string {
  const [bare = path, query = ""] = path.split("?");
  const known = Object.fromEntries(new URLSearchParams(query));
  return withQuery(bare, { ...known, limit: PAGE, after: after ?? known.after });
}

/** Every page of a list, up to so many rows. */
async function pages<T>(path: string, most: number, signal: AbortSignal): Promise<List<T>> {
  const all: T[] = [];
  for (let after: string | null = null; ; ) {
    const page: List<T> = await call<List<T>>(withLimit(path, after), { signal });
    all.push(...page.data);
    after = page.last_id;
    if (!page.has_more || after === null || all.length >= most) return { ...page, data: all };
  }
}

export const useLeaderboard = (suite: string | null) =>
  useQuery({
    queryKey: ["/api/v1/leaderboard", suite],
    queryFn: ({ signal }) => pages<Entry>(withQuery("/api/v1/leaderboard", { suite }), ENTRIES_MAX, signal) as Promise<Leaderboard>,
    refetchInterval: LIVE_MS,
  });

export const useSuites = () =>
  useQuery({
    queryKey: ["/api/v1/suites"],
    queryFn: ({ signal }) => call<List<Suite>>(withQuery("/api/v1/suites", { limit: PAGE }), { signal }),
    staleTime: 60_000,
  });

export const useChampion = () =>
  useQuery({
    queryKey: ["/api/v1/champion"],
    queryFn: ({ signal }) => call<Champion>("/api/v1/champion", { signal }),
    refetchInterval: LIVE_MS,
  });

export const useStatus = () =>
  useQuery({
    queryKey: ["/api/v1/status"],
    queryFn: ({ signal }) => call<Api<"Status">>("/api/v1/status", { signal }),
    refetchInterval: LIVE_MS,
  });

export const useStandings = () =>
  useQuery({
    queryKey: ["/api/v1/arena/leaderboard"],
    queryFn: ({ signal }) => call<Standings>(withQuery("/api/v1/arena/leaderboard", { limit: PAGE }), { signal }),
    refetchInterval: LIVE_MS,
  });

export const useRuns = (limit: number) =>
  useQuery({
    queryKey: ["/api/v1/runs", limit],
    queryFn: ({ signal }) => call<List<Run>>(withQuery("/api/v1/runs", { limit, order: "desc" }), { signal }),
    refetchInterval: LIVE_MS,
  });

export const useCompetitors = () =>
  useQuery({
    queryKey: ["/api/v1/competitors"],
    queryFn: ({ signal }) => call<List<Api<"Competitor">>>(withQuery("/api/v1/competitors", { limit: PAGE }), { signal }),
  });

export const runPath = (id: string) => `/api/v1/runs/${encodeURIComponent(id)}`;

export const useRun = (id: string | null | undefined, enabled = true) =>
  useQuery({
    queryKey: [runPath(id ?? "")],
    queryFn: ({ signal }) => call<Run>(runPath(id ?? ""), { signal }),
    enabled: enabled && !!id,
  });

/** What came of a run's items so far.  Items only ever come behind: asked again, it reads what is new. */
export function useItems(id: string | null | undefined) {
  const queries = useQueryClient();
  const queryKey = [`${runPath(id ?? "")}/items`];
  return useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<Item[]> => {
      const known = queries.getQueryData<Item[]>(queryKey) ?? [];
      const path = withQuery(`${runPath(id ?? "")}/items`, { after: known.at(-1)?.id });
      const more = await pages<Api<"RunItem">>(path, ITEMS_MAX, signal);
      return more.data.length === 0 ? known : [...known, ...more.data.map(itemOf)];
    },
    enabled: !!id,
  });
}

export const useFrames = (run: string, item: string) =>
  useQuery({
    queryKey: [`${runPath(run)}/items/${item}/frames`],
    queryFn: ({ signal }) => call<Frames>(`${runPath(run)}/items/${encodeURIComponent(item)}/frames`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  });
