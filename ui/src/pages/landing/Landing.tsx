import { lazy, Suspense } from "react";
import { LinkButton } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";
import { useTitle } from "@/lib/title";
import { Numbers } from "@/pages/landing/Numbers";
import hero from "@/pages/landing/hero.svg";

const Below = lazy(() => import("@/pages/landing/Below"));

/** What Janus is, in ten seconds.  The first view is here; what is below it comes by itself. */
export default function Landing() {
  useTitle("The Open Intelligence Rodeo");
  return (
    <>
      <section className="night relative isolate overflow-hidden">
        <div className="hero-sky absolute inset-0 -z-10" />
        <div className="shell grid items-center gap-y-2 pt-4 pb-10 lg:min-h-[min(48rem,calc(100dvh-12.5rem))] lg:grid-cols-[minmax(0,1fr)_minmax(0,1.15fr)] lg:gap-x-6 lg:py-2">
          <img
            src={hero}
            alt="Janus riding an iridescent bull"
            width={1200}
            height={1140}
            fetchPriority="high"
            className="rise mx-auto max-h-[23rem] w-full max-w-[26rem] object-contain sm:max-h-[30rem] sm:max-w-[34rem] lg:order-2 lg:max-h-[min(46rem,max(26rem,calc(100dvh-13rem)))] lg:max-w-none"
          />
          <div className="rise grid justify-items-center gap-5 text-center lg:justify-items-start lg:text-left">
            <div className="grid gap-2">
              <h1 className="aurora-text font-display text-6xl leading-none font-extrabold tracking-[0.08em] sm:text-8xl xl:text-[8.5rem]">
                JANUS
              </h1>
              <p className="font-display text-xl font-semibold text-ink sm:text-3xl">The Open Intelligence Rodeo</p>
            </div>
            <p className="max-w-[34rem] text-base text-pretty text-ink-2 sm:text-lg">
              AI assistants that anyone may submit compete here for your chats: benchmarks score them in the open, and the
              best one answers you, through one OpenAI-compatible address.
            </p>
            <div className="flex w-full flex-wrap justify-center gap-3 lg:justify-start">
              <LinkButton to="/chat" look="primary" className="min-h-12 grow px-7 text-base sm:grow-0">
                Chat with Janus <Icon name="right" className="size-5" />
              </LinkButton>
              <LinkButton to="/competition" className="min-h-12 grow px-7 text-base sm:grow-0">
                Join the Competition
              </LinkButton>
            </div>
          </div>
        </div>
        <Numbers />
      </section>
      <Suspense fallback={<div className="min-h-screen" />}>
        <Below />
      </Suspense>
    </>
  );
}
