import { useEffect, useState } from "react";
import { Link, NavLink, useLocation } from "react-router";
import { IconButton, LinkButton } from "@/lib/kit/Button";
import { Icon } from "@/lib/kit/Icon";
import { isDark, useTheme } from "@/lib/theme";
import { KeyButton } from "@/pages/shell/KeyButton";

export const places = [
  { to: "/", label: "Home" },
  { to: "/chat", label: "Chat" },
  { to: "/competition", label: "Competition" },
  { to: "/marketplace", label: "Marketplace" },
  { to: "/docs", label: "Docs" },
] as const;

function Places({ onGo }: { onGo?: () => void }) {
  return places.map(({ to, label }) => (
    <li key={to}>
      <NavLink
        to={to}
        end={to === "/"}
        onClick={onGo}
        className={({ isActive }) =>
          `inline-flex min-h-11 items-center rounded-full px-3.5 text-sm font-medium transition-colors ${isActive ? "bg-raised text-ink" : "text-ink-2 hover:text-ink"}`
        }
      >
        {label}
      </NavLink>
    </li>
  ));
}

export function Header() {
  const [open, setOpen] = useState(false);
  const { pathname } = useLocation();
  const { theme, choose } = useTheme();
  const dark = isDark(theme);
  useEffect(() => setOpen(false), [pathname]);
  useEffect(() => {
    if (!open) return;
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && setOpen(false);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [open]);

  return (
    <header className="sticky top-0 z-40 border-b border-line bg-page/80 backdrop-blur-md">
      <div className="mx-auto flex h-16 w-full max-w-[110rem] items-center gap-4 px-4 sm:px-6">
        <Link to="/" className="flex items-center gap-2.5" aria-label="Janus, home">
          <img src="/janus.svg" alt="" width={28} height={28} />
          <span className="font-display text-lg font-bold tracking-[0.18em]">JANUS</span>
        </Link>
        <nav aria-label="Main" className="mx-auto hidden md:block">
          <ul className="flex gap-1">
            <Places />
          </ul>
        </nav>
        <div className="ml-auto flex items-center gap-1 md:ml-0">
          <KeyButton />
          <IconButton
            label={dark ? "Use the light theme" : "Use the dark theme"}
            onClick={() => choose(dark ? "light" : "dark")}
          >
            <Icon name={dark ? "sun" : "moon"} />
          </IconButton>
          <LinkButton to="/chat" look="primary" size="small" className="ml-2 max-lg:hidden">
            Get started
          </LinkButton>
          <IconButton
            label="Toggle menu"
            aria-expanded={open}
            aria-controls="menu"
            onClick={() => setOpen(!open)}
            className="md:hidden"
          >
            <Icon name={open ? "close" : "menu"} />
          </IconButton>
        </div>
      </div>
      {open && (
        <nav id="menu" aria-label="Main" className="border-t border-line px-4 py-3 md:hidden">
          <ul className="grid gap-1">
            <Places onGo={() => setOpen(false)} />
          </ul>
        </nav>
      )}
    </header>
  );
}
