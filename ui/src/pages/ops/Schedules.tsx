/* What is measured again and again, and when next. */
import { useState } from "react";
import type { Api } from "@/lib/api";
import { duration, number, when } from "@/lib/format";
import { StateBadge } from "@/lib/kit/Badge";
import { Button } from "@/lib/kit/Button";
import type { Column } from "@/lib/kit/DataTable";
import { TextField } from "@/lib/kit/Field";
import { Icon } from "@/lib/kit/Icon";
import { SelectField } from "@/lib/kit/SelectField";
import { ActionDialog, type Answer } from "@/pages/ops/ActionDialog";
import { command, nothing, scheduleBody, type WantedTimes } from "@/pages/ops/measure";
import { MeasureFields } from "@/pages/ops/MeasureFields";
import { ListView, Section } from "@/pages/ops/parts";

type Schedule = Api<"Schedule">;

/** A time in a schedule's own zone; in the reader's where the browser does not know it. */
function inZone(iso: string | null | undefined, tz: string): string {
  if (!iso) return "never";
  try {
    return `${new Date(iso).toLocaleString("en", { dateStyle: "medium", timeStyle: "short", timeZone: tz })} ${tz}`;
  } catch {
    return when(iso);
  }
}

/** The times that the trial of a schedule names. */
export const timesOf = (trial: Answer): string[] =>
  (Array.isArray(trial.next_times) ? trial.next_times : [trial.next_at]).filter((time) => typeof time === "string");

function NextTimes({ of: trial }: { of: Answer }) {
  const tz = typeof trial.tz === "string" ? trial.tz : "UTC";
  const jitter = typeof trial.jitter_ms === "number" ? trial.jitter_ms : 0;
  return (
    <div className="grid gap-2 text-sm">
      <p className="text-ink-2">
        {trial.competitor === "all" ? "Every competitor that is to run then" : String(trial.competitor)} would be measured by {String(trial.suite)}
        {jitter > 0 && `, up to ${duration(jitter)} later than`}
        {jitter > 0 ? " these times:" : " at these times:"}
      </p>
      <ol aria-label="Next times" className="grid gap-0.5 tabular-nums">
        {timesOf(trial).map((time) => (
          <li key={time}>
            <time dateTime={time}>{inZone(time, tz)}</time>
          </li>
        ))}
      </ol>
    </div>
  );
}

function NewSchedule({ onClose }: { onClose: () => void }) {
  const [wanted, setWanted] = useState<WantedTimes>(nothing);
  const change = (part: Partial<WantedTimes>) => setWanted((now) => ({ ...now, ...part }));
  const body = scheduleBody(wanted);
  return (
    <ActionDialog
      onClose={onClose}
      ready={wanted.competitor !== "" && wanted.cron.trim() !== ""}
      preview={(trial) => <NextTimes of={trial} />}
      act={{
        title: "Measure again and again",
        button: "Make the schedule",
        method: "POST",
        path: "/api/v1/schedules",
        body,
        explain: "Five fields: minute, hour, day, month, weekday; or @hourly, @daily, @weekly, @monthly, @yearly.",
        command: command("schedule", body),
        touches: ["/api/v1/schedules", "/api/v1/events"],
        done: "The schedule is made.",
      }}
    >
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <TextField label="When" placeholder="0 3 * * *" autoComplete="off" spellCheck={false} value={wanted.cron} onChange={(event) => change({ cron: event.target.value })} />
        <TextField label="Time zone" placeholder="UTC" list="zones" autoComplete="off" spellCheck={false} value={wanted.tz} onChange={(event) => change({ tz: event.target.value })} />
        <datalist id="zones">
          {Intl.supportedValuesOf("timeZone").map((zone) => (
            <option key={zone} value={zone} />
          ))}
        </datalist>
        <SelectField
          label="Times that were missed"
          value={wanted.missed}
          onChange={(event) => change({ missed: event.target.value })}
          options={[
            { value: "", label: "as usual: one run for all of them" },
            { value: "once", label: "one run for all of them" },
            { value: "skip", label: "none" },
            { value: "all", label: "one each" },
          ]}
        />
        <TextField label="Jitter" hint="Begin up to so much later" placeholder="60s" value={wanted.jitter} onChange={(event) => change({ jitter: event.target.value })} />
      </div>
      <MeasureFields all of={wanted} change={change} />
    </ActionDialog>
  );
}

export default function Schedules() {
  const [making, setMaking] = useState(false);
  const [removing, setRemoving] = useState<Schedule | null>(null);
  const columns: readonly Column<Schedule>[] = [
    { key: "cron", label: "When", cell: (s) => <code className="font-mono">{s.cron}</code>, sort: (s) => s.cron },
    { key: "next", label: "Next time", cell: (s) => <time dateTime={s.next_at ?? undefined}>{inZone(s.next_at, s.tz)}</time>, sort: (s) => s.next_at },
    { key: "competitor", label: "Competitor", cell: (s) => s.competitor, sort: (s) => s.competitor },
    { key: "suite", label: "Suite", cell: (s) => s.suite, sort: (s) => s.suite },
    { key: "state", label: "State", cell: (s) => <StateBadge state={s.state} />, sort: (s) => s.state },
    { key: "why", label: "Why", wraps: true, cell: (s) => s.state_detail ?? "–" },
    { key: "missed", label: "Missed times", cell: (s) => s.missed },
    { key: "jitter", label: "Jitter", right: true, cell: (s) => duration(s.jitter_ms), sort: (s) => s.jitter_ms },
    { key: "part", label: "Part", right: true, cell: (s) => `${number(s.subset_percent)} % × ${number(s.epochs)}` },
    { key: "last", label: "Last time", cell: (s) => when(s.last_tick_at), sort: (s) => s.last_tick_at },
    {
      key: "act",
      label: "Actions",
      stays: true,
      cell: (s) => (
        <Button size="small" look="danger" aria-label={`Remove ${s.cron}`} onClick={() => setRemoving(s)}>
          Remove
        </Button>
      ),
    },
  ];
  return (
    <Section
      title="Schedules"
      aside={
        <Button size="small" look="primary" onClick={() => setMaking(true)}>
          <Icon name="plus" className="size-4" /> New schedule
        </Button>
      }
    >
      <ListView<Schedule>
        path="/api/v1/schedules"
        every={10_000}
        label="Schedules"
        columns={columns}
        rowKey={(s) => s.id ?? s.cron}
        empty={{ title: "Nothing is scheduled", text: <>A schedule measures a competitor, or all, again and again.</> }}
      />
      {making && <NewSchedule onClose={() => setMaking(false)} />}
      {removing && (
        <ActionDialog
          onClose={() => setRemoving(null)}
          act={{
            title: "Remove a schedule",
            button: "Remove",
            method: "DELETE",
            path: `/api/v1/schedules/${removing.id}`,
            explain: `${removing.cron} for ${removing.competitor} makes no more runs. Those it made stay.`,
            object: `/api/v1/schedules/${removing.id}`,
            danger: true,
            command: `janusctl remove schedule ${removing.id}`,
            touches: ["/api/v1/schedules", "/api/v1/events"],
            done: "It makes no more runs.",
          }}
        />
      )}
    </Section>
  );
}
