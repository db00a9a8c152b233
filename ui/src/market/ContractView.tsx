/* A contract to read: operations or tools, each with its schemas when it is opened. */
import { Badge } from "@/lib/kit/Badge";
import { Icon } from "@/lib/kit/Icon";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";
import { type Component, useContract } from "@/market/data";
import { type Operation, operationsOf, type Shape, type Tool, toolsOf } from "@/market/contract";

export function ContractView({ component }: { component: Component }) {
  const { contract } = component;
  const elsewhere = contract.url !== null;
  const { data, error, isPending, refetch } = useContract(component, !elsewhere);
  if (elsewhere)
    return (
      <p className="text-ink-2">
        {contract.type === "mcp" ? "An MCP server's tools" : "An OpenAPI document"}, kept by its author; Janus has not looked at it:{" "}
        <a href={contract.url ?? undefined} target="_blank" rel="noreferrer noopener" className="break-all text-moss underline">
          {contract.url}
        </a>
      </p>
    );
  if (isPending) return <Loading what="the contract" />;
  if (error !== null) return <ErrorNotice error={error} onRetry={() => refetch()} />;
  const operations = contract.type === "openapi" ? operationsOf(data) : [];
  const tools = contract.type === "mcp" ? toolsOf(data) : [];
  return (
    <div className="grid gap-3">
      <p className="text-sm text-ink-3">
        {contract.type === "mcp" ? `MCP, ${count(tools.length, "tool")}` : `OpenAPI, ${count(operations.length, "operation")}`}
      </p>
      <ul className="grid gap-2">
        {operations.map((operation) => (
          <li key={operation.id}>
            <OperationView operation={operation} />
          </li>
        ))}
        {tools.map((tool) => (
          <li key={tool.name}>
            <ToolView tool={tool} />
          </li>
        ))}
      </ul>
    </div>
  );
}

const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
const fold = "group rounded-xl border border-line-2 bg-page/40";
const head = "flex min-h-11 cursor-pointer list-none items-center gap-3 px-4 py-2 [&::-webkit-details-marker]:hidden";
const Turn = () => <Icon name="chevron" className="ml-auto size-4 text-ink-3 transition-transform group-open:rotate-180" />;

function OperationView({ operation: { method, path, summary, parameters, body, answers } }: { operation: Operation }) {
  return (
    <details className={fold}>
      <summary className={head}>
        <Badge tone={method === "GET" ? "info" : "good"}>{method}</Badge>
        <span className="min-w-0">
          <code className="font-mono text-sm break-all">{path}</code>
          <span className="block text-sm text-ink-3" dir="auto">
            {summary}
          </span>
        </span>
        <Turn />
      </summary>
      <div className="grid gap-4 border-t border-line p-4">
        {parameters.length > 0 && (
          <Part title="Parameters">
            <dl className="grid gap-2">
              {parameters.map((p) => (
                <div key={`${p.where} ${p.name}`}>
                  <Member name={p.name} type={`${p.where}, ${p.type}`} required={p.required} text={p.text} />
                </div>
              ))}
            </dl>
          </Part>
        )}
        {body && (
          <Part title="Body">
            <ShapeView shape={body} />
          </Part>
        )}
        {answers.map(({ status, text, shape }) => (
          <Part key={status} title={`Answer ${status}`} note={text}>
            {shape && <ShapeView shape={shape} />}
          </Part>
        ))}
      </div>
    </details>
  );
}

function ToolView({ tool: { name, text, input, output } }: { tool: Tool }) {
  return (
    <details className={fold}>
      <summary className={head}>
        <Icon name="tool" className="size-4 text-mountain-ink" />
        <span className="min-w-0">
          <code className="font-mono text-sm break-all">{name}</code>
          <span className="line-clamp-2 text-sm text-ink-3" dir="auto">
            {text}
          </span>
        </span>
        <Turn />
      </summary>
      <div className="grid gap-4 border-t border-line p-4">
        <Part title="Input">
          <ShapeView shape={input} />
        </Part>
        {output && (
          <Part title="Output">
            <ShapeView shape={output} />
          </Part>
        )}
      </div>
    </details>
  );
}

function Part({ title, note, children }: { title: string; note?: string; children: React.ReactNode }) {
  return (
    <div className="grid gap-2">
      <h4 className="text-sm font-semibold">{title}</h4>
      {note && (
        <p className="text-sm text-ink-3" dir="auto">
          {note}
        </p>
      )}
      {children}
    </div>
  );
}

const indents = ["", "pl-5", "pl-10", "pl-14", "pl-16", "pl-18"];

function ShapeView({ shape: { type, rows, more } }: { shape: Shape }) {
  if (rows.length === 0) return <p className="font-mono text-sm text-ink-2">{type}</p>;
  return (
    <>
      <dl className="grid gap-2">
        {rows.map((row, index) => (
          // biome-ignore lint: a row is what stands at its place
          <div key={index} className={indents[row.depth] ?? "pl-20"}>
            <Member {...row} />
          </div>
        ))}
      </dl>
      {more && <p className="text-sm text-ink-3">There is more of it in the document.</p>}
    </>
  );
}

function Member({ name, type, required, text }: { name: string; type: string; required: boolean; text: string }) {
  return (
    <>
      <dt className="flex flex-wrap items-baseline gap-x-2.5 text-sm">
        <code className="font-mono font-semibold break-all">{name}</code>
        <span className="font-mono text-xs break-all text-ink-3">{type}</span>
        {required && <span className="text-xs text-papaya-ink">required</span>}
      </dt>
      <dd className="text-sm text-ink-2" dir="auto">
        {text}
      </dd>
    </>
  );
}
