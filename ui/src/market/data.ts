/* What the marketplace reads: the records of /api/v1/components, and words for them. */
import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { type Api, call, type List, withQuery } from "@/lib/api";
import { useKey } from "@/lib/keys";
import type { IconName } from "@/lib/kit/Icon";

export type Component = Api<"Component">;
export type Category = Component["category"];
export const PATH = "/api/v1/components";

export const categories: { id: Category; name: string; icon: IconName }[] = [
  { id: "research", name: "Research", icon: "search" },
  { id: "coding", name: "Coding", icon: "code" },
  { id: "memory", name: "Memory", icon: "layers" },
  { id: "tools", name: "Tools", icon: "tool" },
  { id: "models", name: "Models", icon: "spark" },
];
export const categoryOf = (id: string) => categories.find((each) => each.id === id) ?? { id, name: id, icon: "box" as IconName };

export const sorts = [
  { id: "popular", name: "Most used" },
  { id: "newest", name: "Newest" },
  { id: "name", name: "Name" },
] as const;
export type Sort = (typeof sorts)[number]["id"];

export interface Filter {
  category: Category | "";
  q: string;
  sort: Sort;
}

/** Of the page's query; what is no filter is none. */
export function filterOf(query: URLSearchParams): Filter {
  const category = categories.find(({ id }) => id === query.get("category"))?.id ?? "";
  const sort = sorts.find(({ id }) => id === query.get("sort"))?.id ?? "popular";
  return { category, q: (query.get("q") ?? "").slice(0, 100), sort };
}

/** The other way: what is usual is left out. */
export function queryOf({ category, q, sort }: Filter): URLSearchParams {
  return new URLSearchParams([
    ...(category === "" ? [] : [["category", category]]),
    ...(q === "" ? [] : [["q", q]]),
    ...(sort === "popular" ? [] : [["sort", sort]]),
  ]);
}

const PAGE = 60;

/** The list by a filter, page after page. */
export function useComponents({ category, q, sort }: Filter) {
  const key = useKey((state) => state.key);
  return useInfiniteQuery({
    queryKey: [PATH, "list", category, q, sort, key],
    queryFn: ({ pageParam, signal }) =>
      call<List<Component>>(withQuery(PATH, { category, q: cut(q), sort, limit: PAGE, after: pageParam }), { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => (page.has_more ? page.last_id : null),
    placeholderData: keepPreviousData,
  });
}

/** The daemon takes 100 bytes of a search. */
function cut(q: string): string {
  const bytes = new TextEncoder().encode(q.trim());
  return bytes.length <= 100 ? q.trim() : new TextDecoder().decode(bytes.slice(0, 100)).replace(/\uFFFD+$/, "");
}

export interface Counts {
  components: number;
  /** there are more than were counted */
  more: boolean;
  services: number;
  available: number;
  recent: number;
  calls: number;
}

export function countsOf(list: List<Component>): Counts {
  const services = list.data.filter(({ origin }) => origin === "platform");
  const sum = (of: (usage: NonNullable<Component["usage"]>) => number) =>
    list.data.reduce((n, { usage }) => n + (usage == null ? 0 : of(usage)), 0);
  return {
    components: list.data.length,
    more: list.has_more,
    services: services.length,
    available: services.filter(({ available }) => available === true).length,
    recent: sum((usage) => usage.last_30_days.calls),
    calls: sum((usage) => usage.calls),
  };
}

export const useCounts = () => {
  const key = useKey((state) => state.key);
  return useQuery({
    queryKey: [PATH, "counts", key],
    queryFn: ({ signal }) => call<List<Component>>(withQuery(PATH, { limit: 500 }), { signal }),
    select: countsOf,
  });
};

/** ref: an id, or that and @version. */
export const useComponent = (ref: string) => {
  const key = useKey((state) => state.key);
  return useQuery({
    queryKey: [PATH, "one", ref, key],
    queryFn: ({ signal }) => call<Component>(`${PATH}/${encodeURIComponent(ref)}`, { signal }),
  });
};

export const useVersions = (id: string) => {
  const key = useKey((state) => state.key);
  return useQuery({
    queryKey: [PATH, "versions", id, key],
    queryFn: ({ signal }) => call<List<Component>>(`${PATH}/${encodeURIComponent(id)}/versions`, { signal }),
  });
};

/** The document of a version; it never changes. */
export const useContract = (component: Component, wanted: boolean) => {
  const key = useKey((state) => state.key);
  return useQuery({
    queryKey: [PATH, "contract", component.id, component.version, key],
    queryFn: ({ signal }) => call<unknown>(`${PATH}/${encodeURIComponent(refOf(component))}/contract`, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: wanted,
  });
};

/** What waits for review (an administrator sees all of it), or the caller's own. */
export const useOwn = (what: "submitted" | "mine") => {
  const key = useKey((state) => state.key);
  return useQuery({
    queryKey: [PATH, what, key],
    queryFn: ({ signal }) =>
      call<List<Component>>(withQuery(PATH, { ...(what === "mine" ? { mine: true } : { state: what }), sort: "newest", limit: 100 }), { signal }),
    enabled: key !== "",
  });
};

export const refOf = ({ id, version }: Component): string => `${id}@${version}`;

/** Only keys of this kind can have the scope admin. */
export const useIsAdmin = (): boolean => useKey((state) => state.key.startsWith("jns_ad_"));
