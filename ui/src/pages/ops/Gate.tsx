/*
 * Operations are for keys with the scope admin: what is needed, how to make one, where to put it.
 */
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link } from "react-router";
import { call } from "@/lib/api";
import { ApiError } from "@/lib/errors";
import { useKey } from "@/lib/keys";
import { Button } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";
import { KeyDialog } from "@/lib/kit/KeyDialog";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";
import { Command } from "@/pages/ops/parts";

/** the question whether a key may see operations, among the queries */
export const PROBE = "may this key see it?";

function Needed({ title, children, error }: { title: string; children: ReactNode; error?: unknown }) {
  const [asking, setAsking] = useState(false);
  return (
    <div className="glass grid max-w-2xl gap-5 p-6 sm:p-8">
      <h2 className="flex items-center gap-3 font-display text-2xl font-semibold">
        <Icon name="key" className="size-6 text-mango-ink" /> {title}
      </h2>
      <div className="grid gap-3 text-ink-2">{children}</div>
      <Command>janusctl create key ops --kind ad</Command>
      <p className="text-sm text-ink-3">
        Run it on the machine Janus runs on: there <code>janusctl</code> speaks over the control socket and needs no key. It
        prints the secret once. What each scope opens is in <Link className="underline" to="/docs/api#keys">the docs</Link>.
      </p>
      {error !== undefined && <ErrorNotice error={error} />}
      <div>
        <Button look="primary" onClick={() => setAsking(true)}>
          Enter a key
        </Button>
      </div>
      {asking && <KeyDialog onClose={() => setAsking(false)} />}
    </div>
  );
}

export function Gate({ children }: { children: ReactNode }) {
  const key = useKey((state) => state.key);
  const probe = useQuery({
    queryKey: ["/api/v1/keys", PROBE, key],
    queryFn: ({ signal }) => call("/api/v1/keys?limit=1", { signal }),
    enabled: key !== "",
    staleTime: 60_000,
  });
  if (key === "")
    return (
      <Needed title="An administrator's key is needed">
        <p>
          Here are the states, logs, requests, keys and schedules of this Janus, and the actions of <code>janusctl</code>. They
          are for a key with the scope <code>admin</code>, which only keys of the kind <code>ad</code> have.
        </p>
      </Needed>
    );
  if (probe.error instanceof ApiError && probe.error.code === "missing_scope")
    return (
      <Needed title="This key lacks the scope admin" error={probe.error}>
        <p>The key that is set may do other things, but not this. A key of the kind ad has the scope.</p>
      </Needed>
    );
  if (probe.error instanceof ApiError && probe.error.status === 401)
    return (
      <Needed title="This key is not accepted" error={probe.error}>
        <p>It may be mistyped, expired or revoked. Enter another one, or make a new one.</p>
      </Needed>
    );
  if (probe.error !== null) return <ErrorNotice error={probe.error} onRetry={() => probe.refetch()} />;
  if (probe.isPending) return <Loading what="operations" />;
  return children;
}
