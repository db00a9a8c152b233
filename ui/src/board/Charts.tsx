import { lazy, Suspense } from "react";
import { useLeaderboard } from "@/board/data";
import { useSuite } from "@/board/Leaderboard";
import { Section } from "@/board/Section";
import { Empty, Loading } from "@/lib/kit/Notice";

const Scatter = lazy(() => import("@/board/Scatter").then((m) => ({ default: m.Scatter })));

export function Charts() {
  const board = useLeaderboard(useSuite()[0]).data;
  return (
    <Section id="charts" title="What quality costs" lead="Nobody is best at everything. Each point is a competitor; all scores are 0 to 100, and more is better, also of cost.">
      {board === undefined ? (
        <Loading what="the scores" />
      ) : board.data.length === 0 ? (
        <Empty icon="spark" title="There is nothing to draw yet">
          <p>Points come with the first whole run of a competitor.</p>
        </Empty>
      ) : (
        <Suspense fallback={<Loading what="the chart" />}>
          <Scatter entries={board.data} />
        </Suspense>
      )}
    </Section>
  );
}
