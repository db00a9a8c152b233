/* How a few things of several tabs are shown. */
import { Badge } from "@/lib/kit/Badge";
import type { Request } from "@/pages/ops/life";

/** Why something is as it is, and the words that go with it. */
export const Why = ({ reason, detail }: { reason: string | null; detail: string | null }) =>
  reason === null && detail === null ? (
    <span className="text-ink-3">–</span>
  ) : (
    <span>
      {reason !== null && <span className="font-semibold">{reason.replaceAll("_", " ")}</span>}
      {reason !== null && detail !== null && ": "}
      {detail}
    </span>
  );

export const breakerTone = { closed: "good", half_open: "warn", open: "bad" } as const;

export const codeBadge = (r: Request) => <Badge tone={r.code === null ? "good" : r.fault === "client" ? "warn" : "bad"}>{r.code ?? "ok"}</Badge>;
