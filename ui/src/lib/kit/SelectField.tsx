import type { ReactNode, SelectHTMLAttributes } from "react";
import { Field, inputLook } from "@/lib/kit/Field";

/** A labelled choice among a few. */
export function SelectField({
  label,
  hint,
  error,
  options,
  ...rest
}: SelectHTMLAttributes<HTMLSelectElement> & {
  label: string;
  hint?: ReactNode;
  error?: string | null;
  options: readonly { value: string; label: string }[];
}) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <select {...ids} {...rest} className={`${inputLook} pr-8`}>
          {options.map(({ value, label: text }) => (
            <option key={value} value={value} className="bg-card text-ink">
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
