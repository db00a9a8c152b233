/* The table of pages.  Each is a chunk of its own, so that a first load has only what it shows. */
import { lazy, Suspense } from "react";
import { Route, Routes } from "react-router";
import { Loading } from "@/lib/kit/Notice";
import { Boundary } from "@/pages/shell/Boundary";
import { Layout } from "@/pages/shell/Layout";
import { NotFound } from "@/pages/shell/NotFound";

const Landing = lazy(() => import("@/pages/landing/Landing"));
const Chat = lazy(() => import("@/chat/ChatPage"));
const Board = lazy(() => import("@/board/BoardPage"));
const Run = lazy(() => import("@/board/RunPage"));
const Market = lazy(() => import("@/market/MarketPage"));
const Docs = lazy(() => import("@/pages/docs/DocsPage"));
const Ops = lazy(() => import("@/pages/ops/OpsPage"));

export function App() {
  return (
    <Boundary outer>
      <Suspense fallback={<Loading what="the page" />}>
        <Routes>
          {/* Chat has the whole window: no footer */}
          <Route element={<Layout footer={false} />}>
            <Route path="/chat/:session?" element={<Chat />} />
          </Route>
          <Route element={<Layout />}>
            <Route index element={<Landing />} />
            <Route path="/competition" element={<Board />} />
            <Route path="/competition/runs/:run" element={<Run />} />
            <Route path="/marketplace/:component?" element={<Market />} />
            <Route path="/docs/:page?" element={<Docs />} />
            <Route path="/ops/:tab?" element={<Ops />} />
            <Route path="*" element={<NotFound />} />
          </Route>
        </Routes>
      </Suspense>
    </Boundary>
  );
}
