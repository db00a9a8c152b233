/* What the operator allows (GET /api/v1/policy): for the form's checks, and for the requirements. */
import { useQuery } from "@tanstack/react-query";
import type { Limits } from "@/board/enter/validate";
import { type Api, call } from "@/lib/api";
import { useKey } from "@/lib/keys";

export function usePolicy() {
  const key = useKey((state) => state.key);
  const query = useQuery({
    queryKey: ["/api/v1/policy", key],
    queryFn: ({ signal }) => call<Api<"Policy">>("/api/v1/policy", { signal }),
    staleTime: 60_000,
  });
  const policy = query.data?.policy;
  const limits: Limits = policy
    ? { memory: policy.memory?.value, cpus: policy.cpus?.value, start_timeout: policy.start_timeout?.value }
    : {};
  return { query, policy, limits };
}
