/* /competition: who leads, by what evidence, and how to take part. */
import { lazy, Suspense, useEffect } from "react";
import { useLocation } from "react-router";
import { ArenaTable } from "@/board/ArenaTable";
import { ChampionPanel } from "@/board/ChampionPanel";
import { Charts } from "@/board/Charts";
import { Compare } from "@/board/Compare";
import { Hero } from "@/board/Hero";
import { Leaderboard } from "@/board/Leaderboard";
import { RecentRuns } from "@/board/RecentRuns";
import { Loading } from "@/lib/kit/Notice";
import { useTitle } from "@/lib/title";

const Rules = lazy(() => import("@/board/enter/Rules"));
const Enter = lazy(() => import("@/board/enter/Enter"));

const SETTLED_MS = 1500;

/** Whoever came for a part of the page is taken there, again while what is above it still grows. */
function useAnchor() {
  const { hash } = useLocation();
  useEffect(() => {
    if (hash.length < 2) return;
    const go = () => document.getElementById(decodeURIComponent(hash.slice(1)))?.scrollIntoView();
    const observer = new ResizeObserver(go);
    const stop = () => observer.disconnect();
    observer.observe(document.body);
    const timer = setTimeout(stop, SETTLED_MS);
    for (const moved of ["wheel", "touchstart", "keydown"] as const) addEventListener(moved, stop, { once: true, passive: true });
    return () => {
      clearTimeout(timer);
      stop();
      for (const moved of ["wheel", "touchstart", "keydown"] as const) removeEventListener(moved, stop);
    };
  }, [hash]);
}

export default function BoardPage() {
  useAnchor();
  useTitle("Competition");
  return (
    <>
      <Hero />
      <Leaderboard />
      <ChampionPanel />
      <Compare />
      <Charts />
      <ArenaTable />
      <RecentRuns />
      <Suspense fallback={<Loading what="the rules" />}>
        <Rules />
        <Enter />
      </Suspense>
    </>
  );
}
