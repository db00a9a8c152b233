import { lazy } from "react";
import { Link, useParams } from "react-router";
import { useTitle } from "@/lib/title";
import { Article } from "@/pages/docs/Article";
import { SearchButton } from "@/pages/docs/Search";
import { docOf, groups } from "@/pages/docs/table";

const Reference = lazy(() => import("@/pages/docs/Reference"));

export default function DocsPage() {
  const { page } = useParams();
  if (page === undefined) return <Start />;
  if (page === "reference") return <Reference />;
  const doc = docOf(page.replace(/\.md$/, ""));
  return doc === null ? <Missing page={page} /> : <Article doc={doc} />;
}

/** All pages, by group. */
function Start() {
  useTitle("Docs");
  return (
    <div className="shell grid gap-14 py-12 sm:py-16">
      <div className="grid gap-5">
        <h1 className="font-display text-4xl font-semibold sm:text-5xl">Docs</h1>
        <p className="max-w-prose text-lg text-ink-2">
          How to run a Janus, write a competitor for it, build on its API, and check what it says of itself. These pages are
          the repository's own, as of this build.
        </p>
        <SearchButton wide />
      </div>
      {groups.map(({ name, docs }) => (
        <section key={name} className="grid gap-4">
          <h2 className="font-display text-2xl font-semibold">{name}</h2>
          <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
            {docs.map(({ page, title, lead }) => (
              <li key={page}>
                <Link to={`/docs/${page}`} className="glass glass-link grid h-full content-start gap-1.5 p-5">
                  <span className="font-display text-lg font-semibold">{title}</span>
                  <span className="text-sm text-ink-2">{lead}</span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Missing({ page }: { page: string }) {
  useTitle("Not found · Docs");
  return (
    <div className="shell grid content-start gap-5 py-16">
      <h1 className="font-display text-4xl font-semibold">The docs have no such page.</h1>
      <p className="text-ink-2">
        There is no <code className="break-all">{page}</code>. Look for it, or see <Link to="/docs" className="text-moss underline">all pages</Link>.
      </p>
      <SearchButton wide />
    </div>
  );
}
