/*
 * The bodies of runs and schedules from what is typed, and the commands that make the same.
 */
export interface Wanted {
  competitor: string;
  suite: string;
  seed: string;
  subset: string;
  epochs: string;
  concurrency: string;
}
export interface WantedTimes extends Wanted {
  cron: string;
  tz: string;
  missed: string;
  jitter: string;
}

export const nothing: WantedTimes = { competitor: "", suite: "", seed: "", subset: "", epochs: "", concurrency: "", cron: "", tz: "", missed: "", jitter: "" };

/** A number as one, other text as it is, for the gateway to refuse with its reason; "" is not said. */
const value = (text: string, number: boolean): string | number | undefined =>
  text.trim() === "" ? undefined : number && Number.isFinite(Number(text)) ? Number(text) : text.trim();

const runMembers = (w: Wanted) => ({
  competitor: w.competitor,
  suite: value(w.suite, false),
  seed: value(w.seed, true),
  subset_percent: value(w.subset, true),
  epochs: value(w.epochs, true),
  concurrency: value(w.concurrency, true),
});
const said = (body: Record<string, string | number | undefined>) =>
  Object.fromEntries(Object.entries(body).filter(([, v]) => v !== undefined)) as Record<string, string | number>;

export const runBody = (w: Wanted) => said(runMembers(w));
export const scheduleBody = (w: WantedTimes) =>
  said({ cron: value(w.cron, false), tz: value(w.tz, false), ...runMembers(w), missed: value(w.missed, false), jitter: value(w.jitter, false) });

const quoted = (text: string | number) => (/^[\w@./:-]+$/.test(String(text)) ? String(text) : `"${text}"`);
const options: Record<string, string> = { subset_percent: "subset" };

/** janusctl VERB bench --option value for each member */
export const command = (verb: "run" | "schedule", body: Record<string, string | number>): string =>
  `janusctl ${verb} bench${Object.entries(body)
    .map(([name, v]) => ` --${options[name] ?? name} ${quoted(v)}`)
    .join("")}`;
