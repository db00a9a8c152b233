/* Who answers: a button and a listbox, with state and score of each, as they are now. */
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { type Model, modelName, modelNote, useModels } from "@/chat/models";
import { score } from "@/lib/format";
import { StateBadge } from "@/lib/kit/Badge";
import { Icon } from "@/lib/kit/Icon";

interface Props {
  value: string;
  onChange: (id: string) => void;
  label?: string;
  testId?: string;
}

export function ModelSelect({ value, onChange, label = "Competitor", testId = "model-select" }: Props) {
  const { data, error } = useModels();
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const id = useId();
  const models = data?.data ?? [];
  const chosen = models.find((it) => it.id === value);

  useEffect(() => {
    if (!open) return;
    list.current?.focus();
    const outside = (event: PointerEvent) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  useEffect(() => {
    if (open) document.getElementById(`${id}-${active}`)?.scrollIntoView({ block: "nearest" });
  }, [open, active, id]);

  const show = () => {
    setActive(Math.max(0, models.findIndex((it) => it.id === value)));
    setOpen(true);
  };
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const choose = (model: Model | undefined) => {
    if (model !== undefined) onChange(model.id);
    close();
  };
  const onKey = (event: KeyboardEvent) => {
    const to = { ArrowDown: active + 1, ArrowUp: active - 1, Home: 0, End: models.length - 1 }[event.key];
    if (to !== undefined) setActive(Math.max(0, Math.min(models.length - 1, to)));
    else if (event.key === "Enter" || event.key === " ") choose(models[active]);
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    if (event.key !== "Tab") event.preventDefault();
  };

  return (
    <div ref={box} className="relative min-w-0">
      <button
        ref={button}
        type="button"
        data-testid={testId}
        aria-haspopup="listbox"
        aria-expanded={open}
        aria-controls={open ? `${id}-list` : undefined}
        aria-label={`${label}: ${modelName(value)}`}
        onClick={() => (open ? close() : show())}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" && !open) {
            event.preventDefault();
            show();
          }
        }}
        className="flex min-h-11 max-w-full items-center gap-2 rounded-full px-3.5 font-semibold hover:bg-raised/70 sm:min-h-10"
      >
        {value === "janus" && <Icon name="crown" className="size-4 text-mango-ink" />}
        <span className="truncate">{modelName(value)}</span>
        {chosen && chosen.janus.state !== "ready" && <StateBadge state={chosen.janus.state} />}
        <Icon name="chevron" className={`size-4 text-ink-3 transition-transform ${open ? "rotate-180" : ""}`} />
      </button>
      {open && (
        <ul
          ref={list}
          id={`${id}-list`}
          role="listbox"
          tabIndex={-1}
          aria-label={label}
          aria-activedescendant={models.length > 0 ? `${id}-${active}` : undefined}
          onKeyDown={onKey}
          className="z-30 mt-1.5 max-h-[60dvh] overflow-y-auto max-sm:fixed max-sm:inset-x-3 sm:absolute sm:top-full sm:left-0 sm:w-[23rem] rounded-2xl border border-line-2 bg-card p-1.5 shadow-2xl outline-none"
        >
          {models.map((model, i) => (
            <Option key={model.id} id={`${id}-${i}`} model={model} selected={model.id === value} active={i === active} onPick={() => choose(model)} />
          ))}
          {models.length === 0 && (
            <li role="option" aria-selected="false" aria-disabled="true" className="p-3 text-sm text-ink-2">
              {error ? "The gateway does not say who is there." : "Looking who is there …"}
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

interface OptionProps {
  id: string;
  model: Model;
  selected: boolean;
  active: boolean;
  onPick: () => void;
}

function Option({ id, model, selected, active, onPick }: OptionProps) {
  const { state, score: points, rank } = model.janus;
  const note = modelNote(model) || (rank === null ? "not ranked yet" : rank.low === rank.high ? `rank ${rank.low}` : `rank ${rank.low} to ${rank.high}`);
  return (
    // the list has the keys
    <li
      id={id}
      role="option"
      aria-selected={selected}
      onClick={onPick}
      onKeyDown={undefined}
      className={`flex min-h-12 cursor-pointer items-center gap-3 rounded-xl px-3 py-1.5 ${active ? "bg-raised" : "hover:bg-raised/60"}`}
    >
      <Icon name="check" className={`size-4 text-moss ${selected ? "" : "invisible"}`} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-semibold">{modelName(model.id)}</span>
        <span className="block truncate text-xs text-ink-2">{note}</span>
      </span>
      {points !== null && <span className="text-sm tabular-nums">{score(points)}</span>}
      <StateBadge state={state} />
    </li>
  );
}
