import type { ButtonHTMLAttributes, ReactNode } from "react";
import { Link, type LinkProps } from "react-router";

type Look = "primary" | "secondary" | "quiet" | "danger";
type Size = "normal" | "small";

const looks: Record<Look, string> = {
  primary: "bg-moss text-on-moss hover:bg-moss-strong",
  secondary: "border border-line-2 text-ink hover:border-ink-3 hover:bg-raised/60",
  quiet: "text-ink-2 hover:bg-raised/70 hover:text-ink",
  danger: "border border-danger/60 text-danger-ink hover:bg-danger/15",
};
const sizes: Record<Size, string> = {
  normal: "min-h-11 px-6 py-2.5 text-sm",
  small: "min-h-9 px-3.5 py-1.5 text-sm",
};
const shape =
  "inline-flex items-center justify-center gap-2 rounded-full font-semibold whitespace-nowrap transition-colors disabled:opacity-50";

interface Style {
  look?: Look;
  size?: Size;
}

export function Button({
  look = "secondary",
  size = "normal",
  className = "",
  type = "button",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & Style) {
  return <button type={type} className={`${shape} ${looks[look]} ${sizes[size]} ${className}`} {...rest} />;
}

export function LinkButton({ look = "secondary", size = "normal", className = "", ...rest }: LinkProps & Style) {
  return <Link className={`${shape} ${looks[look]} ${sizes[size]} ${className}`} {...rest} />;
}

/** A button that is only a picture: its label is for those who do not see it, and its tooltip. */
export function IconButton({
  label,
  children,
  className = "",
  type = "button",
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { label: string; children: ReactNode }) {
  return (
    <button
      type={type}
      aria-label={label}
      title={label}
      className={`inline-grid size-11 shrink-0 place-items-center rounded-full text-ink-2 transition-colors hover:bg-raised/70 hover:text-ink disabled:opacity-50 sm:size-9 ${className}`}
      {...rest}
    >
      {children}
    </button>
  );
}
