/* Three diagrams; each opens in a dialog, where it is large and told in words, too. */
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { Architecture, Egress, Sequence } from "@/board/enter/drawings";
import { Part } from "@/board/enter/Part";
import { Dialog } from "@/lib/kit/Dialog";

interface Diagram {
  name: string;
  title: string;
  drawing: ReactNode;
  told: string[];
}

const diagrams: Diagram[] = [
  {
    name: "Janus architecture diagram",
    title: "How it is built",
    drawing: <Architecture />,
    told: [
      "Clients, janus-bench and janusctl speak to janusd, the gateway. It alone has the database and the container engine.",
      "Each instance is a pod with loopback and nothing else. janus-link in it opens connections to the competitor, which janusd sends chats over.",
      "The pod’s listener on 127.0.0.1:8600 belongs to janus-platform, which has the providers’ keys, and neither database nor engine.",
      "Models, the web, search and sandboxes are behind the platform.",
    ],
  },
  {
    name: "Platform services sequence diagram",
    title: "What a call goes through",
    drawing: <Sequence />,
    told: [
      "A client’s chat comes to janusd, which sends it to the competitor with an x-request-id.",
      "The competitor calls the platform with the same id. The platform asks janusd whether that chat runs at that pod.",
      "It looks at the policy, holds the most that the call may cost of the budget, and calls the provider with the provider’s key.",
      "What was used is counted and recorded with the chat; the answer goes to the competitor with its cost.",
      "The competitor’s events go to the client as they come, unchanged.",
    ],
  },
  {
    name: "Network egress control diagram",
    title: "What a competitor can reach",
    drawing: <Egress />,
    told: [
      "A pod’s network namespace has loopback and nothing else: no route to the internet, the host or other pods, no name server.",
      "At 127.0.0.1:8600 is a listener of the pod’s own, which belongs to janus-platform. What comes over it comes from that pod.",
      "The platform looks at the policy, at the budget, and whether the address is public. No: 403 egress_denied, or 429 where a budget ends.",
      "Yes: models, search, the web, sandboxes and vectors. Every call is recorded, whether it was allowed or not.",
    ],
  },
];

function Picture({ diagram: { name, drawing }, labelled = false }: { diagram: Diagram; labelled?: boolean }) {
  return (
    <svg viewBox="0 0 480 556" className="h-auto w-full" {...(labelled ? { role: "img", "aria-label": name } : { "aria-hidden": true })}>
      {drawing}
    </svg>
  );
}

export function Diagrams() {
  const [open, setOpen] = useState<Diagram | null>(null);
  return (
    <Part
      id="architecture"
      title="Architecture"
      lead={
        <>
          Few moving parts, each trusted with as little as it can do with.{" "}
          <Link className="underline underline-offset-4" to="/docs/architecture">
            The whole of it
          </Link>
        </>
      }
    >
      <ul className="grid items-start gap-5 md:grid-cols-2 lg:grid-cols-3">
        {diagrams.map((diagram) => (
          <li key={diagram.name}>
            <figure>
              {/* The button lies on the picture: words in it would be words of its name. */}
              <div className="glass glass-link relative p-4">
                <Picture diagram={diagram} />
                <button type="button" aria-label={diagram.name} aria-haspopup="dialog" onClick={() => setOpen(diagram)} className="absolute inset-0 rounded-2xl" />
              </div>
              <figcaption className="mt-3 text-center font-display font-semibold">{diagram.title}</figcaption>
            </figure>
          </li>
        ))}
      </ul>
      {open !== null && (
        <Dialog title={open.name} wide onClose={() => setOpen(null)}>
          <div className="grid gap-6">
            <div className="mx-auto w-full max-w-2xl">
              <Picture diagram={open} labelled />
            </div>
            <ol className="grid list-decimal gap-2 pl-5 text-sm text-ink-2 marker:text-ink-3">
              {open.told.map((each) => (
                <li key={each}>{each}</li>
              ))}
            </ol>
            <p className="text-sm">
              <Link className="underline underline-offset-4" to="/docs/architecture">
                More about the architecture
              </Link>
            </p>
          </div>
        </Dialog>
      )}
    </Part>
  );
}
