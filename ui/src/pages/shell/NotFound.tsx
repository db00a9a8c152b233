import { useLocation } from "react-router";
import { LinkButton } from "@/lib/kit/Button";
import { useTitle } from "@/lib/title";

export function NotFound() {
  const { pathname } = useLocation();
  useTitle("Not found");
  return (
    <div className="shell grid flex-1 content-center justify-items-start gap-4 py-24">
      <p className="font-mono text-sm text-ink-3">404</p>
      <h1 className="font-display text-4xl font-semibold">There is no such page.</h1>
      <p className="text-ink-2">
        <code className="break-all">{pathname}</code> may be mistyped, or what it named was removed.
      </p>
      <div className="flex flex-wrap gap-3">
        <LinkButton to="/" look="primary">
          To the beginning
        </LinkButton>
        <LinkButton to="/docs">Search the docs</LinkButton>
      </div>
    </div>
  );
}
