/* What runs and schedules have in common: whom, by which suite, how much of it. */
import type { Api, List } from "@/lib/api";
import { TextField } from "@/lib/kit/Field";
import { SelectField } from "@/lib/kit/SelectField";
import { useCompetitors, useObject } from "@/pages/ops/data";
import type { Wanted } from "@/pages/ops/measure";

export const useSuites = () => useObject<List<Api<"Suite">>>("/api/v1/suites");

export function MeasureFields<T extends Wanted>({ of, change, all = false }: { of: T; change: (part: Partial<Wanted>) => void; all?: boolean }) {
  const competitors = useCompetitors().data?.data ?? [];
  const suites = useSuites().data?.data ?? [];
  const usual = suites.find(({ is_default }) => is_default)?.name;
  return (
    <div className="grid items-start gap-4 sm:grid-cols-2">
      <SelectField
        label="Competitor"
        value={of.competitor}
        onChange={(event) => change({ competitor: event.target.value })}
        options={[
          { value: "", label: "Choose one" },
          ...(all ? [{ value: "all", label: "all that are to run then" }] : []),
          ...competitors.map(({ name }) => ({ value: name, label: name })),
        ]}
      />
      <SelectField
        label="Suite"
        value={of.suite}
        onChange={(event) => change({ suite: event.target.value })}
        options={[
          { value: "", label: usual ? `the usual: ${usual}` : "the usual" },
          ...suites.map(({ name, title }) => ({ value: name, label: title ? `${name}: ${title}` : name })),
        ]}
      />
      <TextField label="Part of it, in percent" inputMode="numeric" placeholder="100" value={of.subset} onChange={(event) => change({ subset: event.target.value })} />
      <TextField label="Epochs" inputMode="numeric" placeholder="1" value={of.epochs} onChange={(event) => change({ epochs: event.target.value })} />
      <TextField label="At once" inputMode="numeric" placeholder="1" value={of.concurrency} onChange={(event) => change({ concurrency: event.target.value })} />
      <TextField label="Seed" inputMode="numeric" placeholder="42" value={of.seed} onChange={(event) => change({ seed: event.target.value })} />
    </div>
  );
}
