/* The leaderboard's columns: what each is, and how it sorts. */
import { createColumnHelper, createSortedRowModel, rowSortingFeature, tableFeatures } from "@tanstack/react-table";
import type { Ranked } from "@/board/rank";
import { compare, descendsFirst, type Sortable, type SortKey, sortValue } from "@/board/sorting";

export const features = tableFeatures({ rowSortingFeature, sortedRowModel: createSortedRowModel() });
const helper = createColumnHelper<typeof features, Ranked>();

export const HEADERS: [SortKey, string, string][] = [
  ["rank", "Rank", "The places that its 95 % interval leaves open: 1-3 says that it may be first, second or third."],
  ["competitor", "Competitor", "Its name. Its newest version with a whole run counts."],
  ["composite", "Score", "All parts together, by the weights, 0 to 100: the mean of its newest five whole runs, with a 95 % interval."],
  ["quality", "Quality", "What the scorer of each item says of the answer. Below 60 of 100 an item has failed and is 0 in every part."],
  ["speed", "Speed", "Half the time to the first content, half that of the whole answer."],
  ["cost", "Cost", "More is cheaper: dollars metered by the platform, else what is reported, else tokens."],
  ["streaming", "Streaming", "How steadily it streams: 60 % the share of time stalled, 40 % the longest silence."],
  ["modality", "Modality", "Quality of the items that are not text alone."],
  ["arena", "Arena", "People's votes on blind battles, as a rating of Bradley and Terry. It decides nothing."],
  ["submitted", "Submitted", "When. Of equal scores the earlier is first."],
];

export const columns = helper.columns(
  HEADERS.map(([id, header]) =>
    helper.accessor((row: Ranked): Sortable => sortValue(row, id), {
      id,
      header,
      sortDescFirst: descendsFirst(id),
      sortFn: (a, b) => compare(sortValue(a.original, id), sortValue(b.original, id)),
    }),
  ),
);
