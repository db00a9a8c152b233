/* The cards that a filter leaves: loading, failed, none, some. */
import { Button } from "@/lib/kit/Button";
import { Empty, ErrorNotice, Loading } from "@/lib/kit/Notice";
import { Card } from "@/market/Card";
import { type Filter, queryOf, useComponents } from "@/market/data";

export function Grid({ filter, onAll }: { filter: Filter; onAll: () => void }) {
  const { data, error, isPending, isPlaceholderData, hasNextPage, fetchNextPage, isFetchingNextPage, refetch } = useComponents(filter);
  if (isPending) return <Loading what="components" />;
  if (data === undefined) return <ErrorNotice error={error} title="The marketplace could not be loaded." onRetry={() => refetch()} />;

  const components = data.pages.flatMap((page) => page.data);
  const search = queryOf(filter).toString();
  const said = `${components.length}${hasNextPage ? " or more" : ""} ${components.length === 1 ? "component" : "components"}`;
  return (
    <div className="grid gap-5">
      <p role="status" className="text-sm text-ink-3 tabular-nums">
        {isPlaceholderData ? "Looking …" : said}
      </p>
      {error !== null && <ErrorNotice error={error} title="This may be out of date." onRetry={() => refetch()} />}
      {components.length === 0 ? (
        <Empty icon="search" title="Nothing fits">
          <p>No published component has that category and those words.</p>
          <Button className="mt-3" onClick={onAll}>
            Show all
          </Button>
        </Empty>
      ) : (
        <ul aria-label="Components" aria-busy={isPlaceholderData} className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3 2xl:grid-cols-4">
          {components.map((component) => (
            <Card key={component.id} component={component} search={search} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button className="justify-self-center" disabled={isFetchingNextPage} onClick={() => fetchNextPage()}>
          {isFetchingNextPage ? "Loading …" : "Show more"}
        </Button>
      )}
    </div>
  );
}
