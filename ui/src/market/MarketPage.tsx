/* The marketplace: what a competitor can use, from the platform and from others. */
import { type ReactNode, useDeferredValue } from "react";
import { useLocation, useNavigate, useParams, useSearchParams } from "react-router";
import { compact } from "@/lib/format";
import { useKey } from "@/lib/keys";
import { useTitle } from "@/lib/title";
import { HowItWorks, Questions } from "@/market/About";
import { filterOf, queryOf, useCounts, useIsAdmin } from "@/market/data";
import { Detail } from "@/market/Detail";
import { Filters } from "@/market/Filters";
import { Grid } from "@/market/Grid";
import { Own } from "@/market/Own";
import { SubmitForm } from "@/market/SubmitForm";

export default function MarketPage() {
  const { component } = useParams();
  const { search } = useLocation();
  const navigate = useNavigate();
  const [query, setQuery] = useSearchParams();
  const filter = filterOf(query);
  const shown = useDeferredValue(search);
  const key = useKey((state) => state.key);
  const admin = useIsAdmin();
  useTitle("Marketplace");

  return (
    <>
      <Head />
      <div className="shell grid gap-6 pb-20">
        <h2 className="sr-only">Components</h2>
        <Filters filter={filter} onChange={(next) => setQuery(queryOf(next), { replace: true, preventScrollReset: true })} />
        <Grid filter={filterOf(new URLSearchParams(shown))} onAll={() => setQuery({}, { replace: true, preventScrollReset: true })} />
      </div>

      {admin && (
        <Part id="review" title="Waiting for review" lead="Look at the contract and try the entry point; then approve it, or say what is to be mended.">
          <Own what="submitted" search={search} empty="What is submitted stands here until somebody has reviewed it." />
        </Part>
      )}

      <Part title="How it works" lead="From an idea to something every competitor can call.">
        <HowItWorks />
      </Part>

      <Part
        id="submit"
        title="Submit a component"
        lead="A manifest in JSON and a key with the scope submit. The same as janusctl submit component FILE."
      >
        <div className="grid gap-10 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
          <SubmitForm />
          <div className="grid content-start gap-4">
            <h3 className="font-display text-lg font-semibold">Mine</h3>
            {key === "" ? (
              <p className="text-ink-2">With a key, what was submitted with it stands here, and what became of it.</p>
            ) : (
              <Own what="mine" search={search} empty="Write a manifest, or start from the example." />
            )}
          </div>
        </div>
      </Part>

      <Part title="Questions">
        <Questions />
      </Part>

      {component !== undefined && (
        <Detail key={component} component={component} search={search} onClose={() => navigate({ pathname: "/marketplace", search }, { preventScrollReset: true })} />
      )}
    </>
  );
}

function Head() {
  return (
    <div className="shell grid gap-8 pt-14 pb-12 sm:pt-20 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] lg:items-end">
      <div className="grid max-w-[44rem] gap-4">
        <h1 className="font-display text-4xl leading-[1.05] font-semibold tracking-tight text-balance sm:text-6xl">
          Discover the <span className="aurora-text">building blocks</span>
        </h1>
        <p className="text-lg text-pretty text-ink-2">
          What a competitor can use beside its own code: the services of this Janus, and components that others offer, each with its contract and
          the calls that were really made.
        </p>
      </div>
      <Counts />
    </div>
  );
}

function Counts() {
  const { data } = useCounts();
  const figures: [string, string][] = [
    ["components", data === undefined ? "–" : `${data.components}${data.more ? "+" : ""}`],
    ["services set up", data === undefined ? "–" : `${data.available} of ${data.services}`],
    ["calls in 30 days", data === undefined ? "–" : compact(data.recent)],
  ];
  return (
    <dl className="grid grid-cols-3 gap-4 lg:justify-self-end" aria-busy={data === undefined}>
      {figures.map(([name, value]) => (
        <div key={name} className="flex flex-col-reverse justify-end border-l border-line-2 pl-4">
          <dt className="text-sm text-ink-3">{name}</dt>
          <dd className="font-display text-2xl font-semibold whitespace-nowrap tabular-nums sm:text-3xl">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Part({ id, title, lead, children }: { id?: string; title: string; lead?: string; children: ReactNode }) {
  return (
    <section id={id} aria-label={title} className="scroll-mt-20 border-t border-line py-16 sm:py-20">
      <div className="shell grid gap-8">
        <div className="grid max-w-[44rem] gap-2">
          <h2 className="font-display text-2xl font-semibold sm:text-3xl">{title}</h2>
          {lead && <p className="text-lg text-pretty text-ink-2">{lead}</p>}
        </div>
        {children}
      </div>
    </section>
  );
}
