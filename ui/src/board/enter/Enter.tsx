/* The way in: a form that submits, what becomes of it as it happens, and what was submitted before. */
import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";
import { EntryForm } from "@/board/enter/EntryForm";
import { Follow } from "@/board/enter/Follow";
import { Recent } from "@/board/enter/Recent";
import { remember } from "@/board/enter/send";
import { isFinal, type Submission } from "@/board/enter/story";
import { useStory } from "@/board/enter/useStory";
import { WhatHappens } from "@/board/enter/WhatHappens";

export default function Enter() {
  const [params] = useSearchParams();
  const { hash } = useLocation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const id = params.get("submission");
  const { story, saw } = useStory(id);
  const followed = useRef<HTMLDivElement>(null);
  const form = useRef<HTMLDivElement>(null);
  const state = story.submission?.state;

  const show = useCallback(
    (which: string | null) => {
      const next = new URLSearchParams(params);
      if (which === null) next.delete("submission");
      else next.set("submission", which);
      navigate({ search: next.toString(), hash: which === null ? "#submit" : "#submission" });
    },
    [navigate, params],
  );
  const sent = (submission: Submission) => {
    remember(submission.id);
    show(submission.id);
  };

  useEffect(() => {
    if (hash === "#submission") followed.current?.focus({ preventScroll: true }); // the page scrolls there
  }, [hash, id]);
  useEffect(() => {
    queries.invalidateQueries({ queryKey: ["/api/v1/submissions"] });
  }, [queries, state]);

  const underWay = story.submission !== null && !isFinal(story.submission.state) ? story.submission : null;
  return (
    <section id="submit" ref={form} aria-labelledby="submit-heading" className="shell scroll-mt-20 py-16">
      <p className="text-sm font-semibold tracking-wide text-moss uppercase">Take part</p>
      <h2 id="submit-heading" className="mt-2 font-display text-3xl font-semibold sm:text-4xl">
        Submit a competitor
      </h2>
      <p className="mt-3 max-w-2xl text-ink-2">
        An image is all it takes. It is pulled, started without a network, put to every check of conformance, and serves
        chats a moment later. You see each step as it happens, and what was seen where one fails.
      </p>
      <div className="mt-8 grid items-start gap-6 lg:grid-cols-2">
        <EntryForm underWay={underWay} onSent={sent} />
        <div className="grid min-w-0 gap-6">
          {id === null ? (
            <WhatHappens />
          ) : (
            <div id="submission" ref={followed} tabIndex={-1} className="scroll-mt-20 focus:outline-none">
              <Follow id={id} story={story} saw={saw} onClose={() => show(null)} onAgain={() => form.current?.querySelector("input")?.focus()} />
            </div>
          )}
          <Recent shown={id} onShow={show} />
        </div>
      </div>
    </section>
  );
}
