/* Dark, light, or as the system has it.  public/theme.js applies the choice before the first paint. */
import { create } from "zustand";

type Theme = "system" | "dark" | "light";
const NAME = "janus.theme";

const read = (): Theme => {
  const chosen = document.documentElement.dataset.theme;
  return chosen === "dark" || chosen === "light" ? chosen : "system";
};

export const useTheme = create<{ theme: Theme; choose: (theme: Theme) => void }>((set) => ({
  theme: read(),
  choose: (theme) => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    try {
      if (theme === "system") localStorage.removeItem(NAME);
      else localStorage.setItem(NAME, theme);
    } catch {
      // for this page only
    }
    set({ theme });
  },
}));

/** Is it dark now? */
export const isDark = (theme: Theme): boolean =>
  theme === "dark" || (theme === "system" && !matchMedia("(prefers-color-scheme: light)").matches);
