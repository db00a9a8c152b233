import { Icon } from "@/lib/kit/Icon";
import { inputLook } from "@/lib/kit/Field";
import { categories, type Filter, type Sort, sorts } from "@/market/data";

const pill =
  "inline-flex min-h-11 items-center rounded-full border px-4 text-sm font-semibold transition-colors sm:min-h-9 aria-pressed:border-moss aria-pressed:bg-moss aria-pressed:text-on-moss border-line-2 text-ink-2 hover:border-ink-3 hover:text-ink";

export function Filters({ filter, onChange }: { filter: Filter; onChange: (filter: Filter) => void }) {
  return (
    <div className="grid gap-4 lg:grid-cols-[1fr_auto] lg:items-center">
      <div role="group" aria-label="Category" className="-mx-1 flex flex-wrap gap-2 px-1">
        {[{ id: "" as const, name: "All" }, ...categories].map(({ id, name }) => (
          <button key={id} type="button" className={pill} aria-pressed={filter.category === id} onClick={() => onChange({ ...filter, category: id })}>
            {name}
          </button>
        ))}
      </div>
      <div className="flex flex-wrap gap-2">
        <label className="relative min-w-0 flex-1 basis-48">
          <span className="sr-only">Search components</span>
          <Icon name="search" className="pointer-events-none absolute top-3 left-3.5 size-5 text-ink-3" />
          <input
            type="search"
            className={`${inputLook} pl-11`}
            placeholder="Name, author or tag"
            maxLength={100}
            value={filter.q}
            onChange={(event) => onChange({ ...filter, q: event.target.value })}
          />
        </label>
        <label>
          <span className="sr-only">Sort by</span>
          <select className={inputLook} value={filter.sort} onChange={(event) => onChange({ ...filter, sort: event.target.value as Sort })}>
            {sorts.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
    </div>
  );
}
