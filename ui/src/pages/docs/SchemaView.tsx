/* A schema as a list of members; what has members of its own opens. */
import { createContext, type ReactNode, useContext, useState } from "react";
import { Icon } from "@/lib/kit/Icon";
import { follow, inner, type OpenApi, rulesOf, type Schema, typeOf } from "@/pages/docs/openapi";
import { Words } from "@/pages/docs/Words";

export const ApiContext = createContext<OpenApi | null>(null);

/** What is in it is made when it is first opened. */
export function Fold({ label, children, open: first = false }: { label: ReactNode; children: ReactNode; open?: boolean }) {
  const [seen, setSeen] = useState(first);
  return (
    <details className="group/fold rounded-lg border border-line" open={first || undefined} onToggle={(event) => event.currentTarget.open && setSeen(true)}>
      <summary className="flex min-h-11 cursor-pointer list-none items-center gap-1.5 rounded-lg px-3 text-sm font-semibold text-ink-2 hover:text-ink sm:min-h-9">
        <Icon name="right" className="size-4 transition-transform group-open/fold:rotate-90" />
        {label}
      </summary>
      {seen && <div className="border-t border-line px-3 py-3">{children}</div>}
    </details>
  );
}

/** The schemas with members that one stands for: itself, those of its list, those it is one of. */
function holders(api: OpenApi, schema: Schema, depth = 0): { name: string; schema: Schema }[] {
  const found = follow(api, schema);
  if (found === undefined || depth > 8) return [];
  const name = typeOf(schema.$ref === undefined ? found : schema);
  const own = found.properties !== undefined && Object.keys(found.properties).length > 0 ? [{ name, schema: found }] : [];
  return [...own, ...inner(found).flatMap((part) => holders(api, part, depth + 1))];
}

/** The members of a schema, or of what it stands for. */
export function SchemaView({ schema }: { schema: Schema }) {
  const api = useContext(ApiContext);
  if (api === null) return null;
  const all = holders(api, schema);
  if (all.length === 0) {
    const found = follow(api, schema) ?? schema;
    return (
      <p className="text-sm text-ink-2">
        {typeOf(found)} <Rules schema={found} />
      </p>
    );
  }
  const only = all.length === 1 ? all[0] : undefined;
  if (only) return <Members schema={only.schema} />;
  return (
    <div className="grid gap-2">
      {all.map(({ name, schema: one }, i) => (
        <Fold key={`${name} ${i}`} label={name}>
          <Members schema={one} />
        </Fold>
      ))}
    </div>
  );
}

function Rules({ schema }: { schema: Schema }) {
  const rules = rulesOf(schema);
  return (
    <>
      {schema.enum && (
        <span className="[overflow-wrap:anywhere]">
          {schema.enum.map((value, i) => (
            <span key={String(value)}>
              {i > 0 && " · "}
              <code className="font-mono text-xs">{value === null ? "null" : String(value)}</code>
            </span>
          ))}
        </span>
      )}
      {rules.length > 0 && <span className="text-xs [overflow-wrap:anywhere] text-ink-3">{rules.join(" · ")}</span>}
      {schema.pattern && <code className="font-mono text-xs [overflow-wrap:anywhere] text-ink-3">{schema.pattern}</code>}
    </>
  );
}

export function Member({
  name,
  schema,
  required,
  description,
  place,
}: {
  name: string;
  schema: Schema;
  required: boolean;
  description?: string;
  place?: string;
}) {
  const api = useContext(ApiContext);
  const found = (api && follow(api, schema)) ?? schema;
  const within = api === null ? [] : holders(api, schema);
  const words = description ?? schema.description ?? found.description;
  return (
    <li className="grid gap-1 py-2.5">
      <p className="flex flex-wrap items-baseline gap-x-2.5 gap-y-0.5">
        <code className="font-mono text-sm font-semibold [overflow-wrap:anywhere] text-ink">{name}</code>
        <span className="text-sm [overflow-wrap:anywhere] text-mountain-ink">{typeOf(schema)}</span>
        {place && <span className="text-xs text-ink-3">{place}</span>}
        {required && <span className="text-xs font-semibold text-papaya-ink">required</span>}
      </p>
      {words && (
        <p className="text-sm text-ink-2">
          <Words text={words} />
        </p>
      )}
      <p className="flex flex-wrap gap-x-3 text-sm text-ink-2 empty:hidden">
        <Rules schema={found} />
      </p>
      {within.length > 0 && (
        <Fold label={`Members of ${within.map((one) => one.name).join(", ")}`}>
          <SchemaView schema={schema} />
        </Fold>
      )}
    </li>
  );
}

function Members({ schema }: { schema: Schema }) {
  const required = new Set(schema.required);
  return (
    <ul className="divide-y divide-line">
      {Object.entries(schema.properties ?? {}).map(([name, one]) => (
        <Member key={name} name={name} schema={one} required={required.has(name)} />
      ))}
      {typeof schema.additionalProperties === "object" && (
        <Member name="any other name" schema={schema.additionalProperties} required={false} />
      )}
    </ul>
  );
}
