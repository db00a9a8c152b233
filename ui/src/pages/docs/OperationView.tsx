import type { ReactNode } from "react";
import { Link } from "react-router";
import { Badge } from "@/lib/kit/Badge";
import { CopyButton } from "@/lib/kit/CopyButton";
import { Icon } from "@/lib/kit/Icon";
import type { Body, Operation } from "@/pages/docs/openapi";
import { Fold, Member, SchemaView } from "@/pages/docs/SchemaView";
import { Words } from "@/pages/docs/Words";

const methods: Record<string, string> = {
  GET: "bg-info/15 text-info-ink",
  POST: "bg-moss/10 text-moss",
  PUT: "bg-mango/15 text-mango-ink",
  PATCH: "bg-mango/15 text-mango-ink",
  DELETE: "bg-danger/15 text-danger-ink",
};

export function Method({ name, small = false }: { name: string; small?: boolean }) {
  return (
    <span
      className={`inline-block shrink-0 rounded-md text-center font-mono font-semibold ${small ? "w-12 py-0.5 text-[0.625rem]" : "w-16 py-1 text-xs"} ${methods[name] ?? "bg-raised text-ink-2"}`}
    >
      {name}
    </span>
  );
}

/** A call of it that can be pasted into a shell. */
export function curlOf(op: Operation, origin: string): string {
  const lines = [`curl ${op.method === "GET" ? "" : `-X ${op.method} `}'${origin}${op.path}'`];
  if (op.scope !== null && op.scope !== "chat" && op.scope !== "read") lines.push(`-H "authorization: Bearer $JANUS_KEY"`);
  const json = op.body?.bodies.find(({ type }) => type === "application/json");
  if (json !== undefined) {
    lines.push(`-H 'content-type: application/json'`);
    if (json.example !== undefined) lines.push(`-d '${JSON.stringify(json.example).replaceAll("'", "'\\''")}'`);
  }
  return lines.join(" \\\n  ");
}

function Part({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid gap-2">
      <h4 className="font-display font-semibold">{name}</h4>
      {children}
    </div>
  );
}

function Code({ text, label }: { text: string; label: string }) {
  return (
    <div className="relative min-w-0 rounded-lg border border-line bg-deep">
      <pre tabIndex={0} aria-label={label} className="max-h-96 overflow-auto p-3 pr-14 font-mono text-xs leading-relaxed">
        <code>{text}</code>
      </pre>
      <div className="absolute top-1 right-1 rounded-full bg-deep/80">
        <CopyButton text={text} label={`Copy: ${label}`} />
      </div>
    </div>
  );
}

function BodyView({ body, what }: { body: Body; what: string }) {
  return (
    <div className="grid min-w-0 gap-2">
      <p className="font-mono text-xs text-ink-3">{body.type}</p>
      {body.schema && <SchemaView schema={body.schema} />}
      {body.example !== undefined && (
        <Fold label="Example">
          <Code text={JSON.stringify(body.example, null, 2)} label={`Example of ${what}`} />
        </Fold>
      )}
    </div>
  );
}

/** One call of the API: its line, and below it everything about it. */
export function OperationView({ op, open, onToggle }: { op: Operation; open: boolean; onToggle: () => void }) {
  return (
    <section id={op.id} data-operation={op.id} className="scroll-mt-20 rounded-2xl border border-line bg-card">
      <h3>
        <button
          type="button"
          aria-expanded={open}
          aria-controls={`${op.id}-more`}
          onClick={onToggle}
          className="flex min-h-14 w-full items-center gap-3 rounded-2xl px-3 py-2 text-left hover:bg-raised/40 sm:px-4"
        >
          <Method name={op.method} />
          <span className="grid min-w-0 flex-1 gap-x-4 sm:flex sm:flex-wrap sm:items-baseline">
            <code className="font-mono text-sm font-semibold [overflow-wrap:anywhere]">{op.path}</code>
            <span className="text-sm font-normal text-ink-2">
              <Words text={op.summary} />
            </span>
          </span>
          {op.deprecated && <Badge tone="warn">deprecated</Badge>}
          <Icon name="chevron" className={`size-5 text-ink-3 transition-transform ${open ? "rotate-180" : ""}`} />
        </button>
      </h3>
      {open && (
        <div id={`${op.id}-more`} className="grid min-w-0 gap-6 border-t border-line px-4 py-5 sm:px-5">
          <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-ink-2">
            <span>
              {op.scope === null ? "Needs no key" : <>Scope <Link className="font-mono text-moss underline" to="/docs/api#keys">{op.scope}</Link></>}
            </span>
            <Link className="font-mono text-ink-3 hover:text-ink hover:underline" to={`#${op.id}`}>
              #{op.id}
            </Link>
          </p>
          {op.description && (
            <p className="max-w-prose text-ink-2">
              <Words text={op.description} />
            </p>
          )}
          <Part name="Call">
            <Code text={curlOf(op, location.origin)} label={`${op.method} ${op.path} with curl`} />
          </Part>
          {op.parameters.length > 0 && (
            <Part name="Parameters">
              <ul className="divide-y divide-line">
                {op.parameters.map(({ name, in: place, required, description, schema }) => (
                  <Member
                    key={`${place} ${name}`}
                    name={name}
                    place={`in ${place}`}
                    schema={schema ?? {}}
                    required={required === true}
                    description={description}
                  />
                ))}
              </ul>
            </Part>
          )}
          {op.body && (
            <Part name={op.body.required ? "Body" : "Body, if any"}>
              {op.body.description && (
                <p className="text-sm text-ink-2">
                  <Words text={op.body.description} />
                </p>
              )}
              {op.body.bodies.map((body) => (
                <BodyView key={body.type} body={body} what={`the body of ${op.method} ${op.path}`} />
              ))}
            </Part>
          )}
          <Part name="Answers">
            <div className="grid gap-2">
              {op.answers.map((answer) => (
                <Fold
                  key={answer.status}
                  label={
                    <span className="flex min-w-0 flex-wrap items-baseline gap-x-3 py-1 font-normal">
                      <span className={`font-mono font-semibold ${answer.isError ? "text-danger-ink" : "text-moss"}`}>{answer.status}</span>
                      <span className="text-ink-2">
                        <Words text={answer.description} />
                      </span>
                    </span>
                  }
                >
                  <div className="grid gap-4">
                    {answer.isError && (
                      <p className="text-sm text-ink-2">
                        All codes, and what to do about each:{" "}
                        <Link to="/docs/errors" className="text-moss underline">
                          errors
                        </Link>
                        .
                      </p>
                    )}
                    {answer.headers.length > 0 && (
                      <ul className="grid gap-1 text-sm">
                        {answer.headers.map(({ name, description }) => (
                          <li key={name}>
                            <code className="font-mono text-xs font-semibold">{name}</code>{" "}
                            <span className="text-ink-2">
                              <Words text={description} />
                            </span>
                          </li>
                        ))}
                      </ul>
                    )}
                    {answer.bodies.map((body) => (
                      <BodyView key={body.type} body={body} what={`${answer.status} of ${op.method} ${op.path}`} />
                    ))}
                    {answer.bodies.length === 0 && <p className="text-sm text-ink-3">No body.</p>}
                  </div>
                </Fold>
              ))}
            </div>
          </Part>
        </div>
      )}
    </section>
  );
}
