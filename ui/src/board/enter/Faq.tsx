import { Link } from "react-router";
import { faq } from "@/board/enter/faq";
import { Part } from "@/board/enter/Part";
import { Icon } from "@/lib/kit/Icon";

export function Faq() {
  return (
    <Part id="faq" title="Frequently Asked Questions">
      <div className="gap-8 lg:columns-2">
        {faq.map(([group, questions]) => (
          <section key={group} aria-label={group} className="mb-8 break-inside-avoid">
            <h3 className="text-sm font-semibold tracking-wide text-moss uppercase">{group}</h3>
            <div className="mt-2 divide-y divide-line border-y border-line">
              {questions.map(({ question, answer, docs }) => (
                <details key={question} className="group">
                  <summary className="flex min-h-12 cursor-pointer list-none items-center justify-between gap-4 py-3 font-semibold">
                    {question}
                    <Icon name="chevron" className="size-5 text-ink-3 transition-transform group-open:rotate-180" />
                  </summary>
                  <p className="max-w-prose pb-4 text-ink-2">
                    {answer}{" "}
                    {docs && (
                      <Link className="underline underline-offset-4" to={docs}>
                        More
                        <span className="sr-only"> about: {question}</span>
                      </Link>
                    )}
                  </p>
                </details>
              ))}
            </div>
          </section>
        ))}
      </div>
    </Part>
  );
}
