import { Suspense, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Outlet, useLocation } from "react-router";
import { Loading } from "@/lib/kit/Notice";
import { setTitle, useTitleStore } from "@/lib/title";
import { AwayBanner } from "@/pages/shell/AwayBanner";
import { Boundary } from "@/pages/shell/Boundary";
import { Footer } from "@/pages/shell/Footer";
import { Header } from "@/pages/shell/Header";

/* What a part is called until its page says it better (useTitle). */
const titles: Record<string, string> = {
  "": "The Open Intelligence Rodeo",
  chat: "Chat",
  competition: "Competition",
  marketplace: "Marketplace",
  docs: "Docs",
  ops: "Operations",
};

/**
 * Skip link, header, the page, footer.  A new page begins at its top, or at the anchor it was asked for; its
 * title is said, and who was in what is gone now is put at its beginning.
 */
export function Layout({ footer = true }: { footer?: boolean }) {
  const { pathname, hash } = useLocation();
  const part = pathname.split("/")[1] ?? "";
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const [moved, setMoved] = useState(false);
  const title = useTitleStore((state) => state.title);

  useLayoutEffect(() => setTitle(titles[part] ?? "Not found"), [part]);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    setMoved(true);
    if (hash !== "") return;
    window.scrollTo(0, 0);
    if (!main.current?.contains(document.activeElement)) main.current?.focus({ preventScroll: true });
  }, [pathname, hash]);

  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="sr-only z-50 rounded-full bg-moss px-4 py-2 font-semibold text-on-moss focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to the content
      </a>
      <Header />
      <AwayBanner />
      <p role="status" className="sr-only">
        {moved ? title : ""}
      </p>
      <main id="main" ref={main} tabIndex={-1} className="flex min-h-0 min-w-0 flex-1 flex-col focus:outline-none">
        <Boundary key={part}>
          <Suspense fallback={<Loading what="the page" />}>
            <Outlet />
          </Suspense>
        </Boundary>
      </main>
      {footer && <Footer />}
    </div>
  );
}
