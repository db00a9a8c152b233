import { useEffect } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { lookForGateway, useGateway } from "@/lib/gateway";
import { Icon } from "@/lib/kit/Icon";

const CALM_MS = 20_000;
const ANXIOUS_MS = 2_000;

/** Says that the gateway does not answer, until it does; then everything is read anew. */
export function AwayBanner() {
  const away = useGateway((state) => state.away);
  const queries = useQueryClient();

  useEffect(() => {
    const look = () => {
      if (document.visibilityState === "visible") void lookForGateway();
    };
    if (away) look(); // one call that failed is not yet a gateway that is away
    const timer = setInterval(look, away ? ANXIOUS_MS : CALM_MS);
    for (const event of ["online", "offline"]) window.addEventListener(event, look);
    document.addEventListener("visibilitychange", look);
    return () => {
      clearInterval(timer);
      for (const event of ["online", "offline"]) window.removeEventListener(event, look);
      document.removeEventListener("visibilitychange", look);
      if (away) void queries.invalidateQueries();
    };
  }, [away, queries]);

  return (
    <div role="status">
      {away && (
        <p className="flex items-center justify-center gap-2 bg-mango/20 px-4 py-2 text-center text-sm text-mango-ink">
          <Icon name="warn" className="size-4" />
          The gateway does not answer. What you have here stays; Janus is looked for every two seconds.
        </p>
      )}
    </div>
  );
}
