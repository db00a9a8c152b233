/* A few of /metrics: what the gateway, the database and the platform do, with lines of the last minutes. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { create } from "zustand";
import { send } from "@/lib/api";
import { bytes, duration, number, usd } from "@/lib/format";
import { ErrorNotice, Loading } from "@/lib/kit/Notice";
import { Sparkline } from "@/lib/kit/Sparkline";
import { parseMetrics, quantile, type Sample, total } from "@/pages/ops/metrics";
import { Section } from "@/pages/ops/parts";
import { grown } from "@/pages/ops/rates";

const EVERY_MS = 10_000;
const KEPT = 30; // five minutes

interface Figure {
  label: string;
  metric: string;
  read: (samples: readonly Sample[]) => number | null;
  show: (value: number | null) => string;
  /** a counter: its growth a second is shown */
  grows?: boolean;
}

const seconds = (value: number | null) => (value === null ? duration(null) : value < 0.001 ? `${number(value * 1e6)} µs` : duration(value * 1000));
const perSecond = (value: number | null) => `${number(value, 1)}/s`;
const sum = (metric: string, labels?: Record<string, string>) => (samples: readonly Sample[]) => total(samples, metric, labels);
const p95 = (metric: string) => (samples: readonly Sample[]) => quantile(samples, metric, 0.95);

const figures: readonly Figure[] = [
  { label: "HTTP requests", metric: "janus_http_requests_total", read: sum("janus_http_requests_total"), show: perSecond, grows: true },
  { label: "Streams open", metric: "janus_streams_active", read: sum("janus_streams_active"), show: number },
  { label: "Waiting in queues", metric: "janus_queue_depth", read: sum("janus_queue_depth"), show: number },
  { label: "Chat TTFT, p95 since start", metric: "janus_chat_ttft_seconds", read: p95("janus_chat_ttft_seconds"), show: seconds },
  { label: "Gateway's own time, p95", metric: "janus_gateway_overhead_seconds", read: p95("janus_gateway_overhead_seconds"), show: seconds },
  { label: "Wait in queues, p95", metric: "janus_queue_wait_seconds", read: p95("janus_queue_wait_seconds"), show: seconds },
  { label: "Database write, p95", metric: "janus_db_write_seconds", read: p95("janus_db_write_seconds"), show: seconds },
  { label: "Failovers since start", metric: "janus_failovers_total", read: sum("janus_failovers_total"), show: number },
  { label: "Instances' memory", metric: "janus_instance_memory_bytes", read: sum("janus_instance_memory_bytes"), show: bytes },
  { label: "Instances' CPU", metric: "janus_instance_cpu_seconds_total", read: sum("janus_instance_cpu_seconds_total"), show: (value) => `${number(value, 2)} cores`, grows: true },
  { label: "Platform's cost since start", metric: "janus_platform_cost_usd_total", read: sum("janus_platform_cost_usd_total"), show: usd },
  { label: "Log lines dropped", metric: "janus_log_dropped_total", read: sum("janus_log_dropped_total"), show: number },
];

interface Seen {
  at: number;
  values: (number | null)[];
}
const useSeen = create<{ seen: Seen[]; add: (now: Seen) => void }>((set) => ({
  seen: [],
  add: (now) => set(({ seen }) => ({ seen: seen.at(-1)?.at === now.at ? seen : [...seen, now].slice(-KEPT) })),
}));

/** What a figure was at each look; a counter's growth a second since the look before. */
export function lineOf(seen: readonly Seen[], at: number, grows: boolean): (number | null)[] {
  if (!grows) return seen.map(({ values }) => values[at] ?? null);
  return seen.map((now, i) => {
    const before = seen[i - 1];
    const [was, is] = [before?.values[at], now.values[at]];
    return before === undefined || was === null || was === undefined || is === null || is === undefined || now.at <= before.at
      ? null
      : (grown(was, is) / (now.at - before.at)) * 1000;
  });
}

export function LiveMetrics() {
  const { data, error, refetch } = useQuery({
    queryKey: ["/metrics"],
    queryFn: async ({ signal }) => {
      const samples = parseMetrics(await (await send("/metrics", { signal })).text());
      return { at: Date.now(), values: figures.map(({ read }) => read(samples)) };
    },
    refetchInterval: EVERY_MS,
  });
  const { seen, add } = useSeen();
  useEffect(() => {
    if (data) add(data);
  }, [data, add]);
  return (
    <Section
      title="Metrics"
      aside={
        <a className="text-sm text-ink-2 underline hover:text-ink" href="/metrics">
          All of them
        </a>
      }
    >
      {error !== null && <ErrorNotice error={error} onRetry={() => refetch()} />}
      {seen.length === 0 && error === null && <Loading what="the metrics" />}
      {seen.length > 0 && (
        <ul className="grid grid-cols-2 gap-3 md:grid-cols-3 xl:grid-cols-4">
          {figures.map(({ label, metric, show, grows = false }, at) => {
            const line = lineOf(seen, at, grows);
            return (
              <li key={metric} className="grid min-w-0 content-between gap-2 rounded-2xl border border-line bg-card p-4" title={metric}>
                <p className="text-xs font-semibold text-ink-3">{label}</p>
                <p className="font-display text-xl font-semibold tabular-nums">{show(line.at(-1) ?? null)}</p>
                <Sparkline floor={0} values={line} label={`${label}, last minutes`} className="h-6 w-full text-mountain-ink" />
              </li>
            );
          })}
        </ul>
      )}
    </Section>
  );
}
