/* Numbers, sizes and times as people read them.  What is not known is a dash. */
const DASH = "–";

export const number = (value: number | null | undefined, digits = 0): string =>
  value === null || value === undefined || !Number.isFinite(value)
    ? DASH
    : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** 950 -> "950", 12 300 -> "12.3 k" */
export const compact = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? DASH
    : value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 });

/** One decimal, as scores are shown. */
export const score = (value: number | null | undefined): string => number(value, 1);

export const bytes = (value: number | null | undefined): string => {
  if (value === null || value === undefined) return DASH;
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let at = 0;
  let left = value;
  for (; left >= 1024 && at < units.length - 1; at++) left /= 1024;
  return `${at === 0 ? left : left.toFixed(left < 10 ? 1 : 0)} ${units[at]}`;
};

/** Milliseconds: "480 ms", "2.4 s", "1 min 05 s", "3 h 10 min". */
export const duration = (ms: number | null | undefined): string => {
  if (ms === null || ms === undefined) return DASH;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, "0")} min`;
};

export const usd = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? DASH
    : `$${value === 0 || value >= 0.01 ? value.toFixed(2) : value.toPrecision(2)}`;

/** A time of the API in the reader's zone. */
export const when = (iso: string | null | undefined): string =>
  iso ? new Date(iso).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" }) : DASH;

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
/** "3 minutes ago"; now in ms since 1970 */
export const ago = (iso: string | null | undefined, now = Date.now()): string => {
  if (!iso) return DASH;
  const seconds = Math.round((Date.parse(iso) - now) / 1000);
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
  ];
  for (const [size, unit] of steps) if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  return relative.format(seconds, "second");
};

/** sha256:4f2a… */
export const shortDigest = (digest: string | null | undefined): string =>
  digest ? `${digest.replace(/^sha256:/, "").slice(0, 12)}` : DASH;
