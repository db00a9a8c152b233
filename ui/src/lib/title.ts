/* What the window is called: "Chat · Janus".  The shell says a new title to those who do not see it. */
import { useEffect } from "react";
import { create } from "zustand";

export const useTitleStore = create<{ title: string }>(() => ({ title: "" }));

export function setTitle(title: string): void {
  document.title = title === "" ? "Janus" : `${title} · Janus`;
  useTitleStore.setState({ title: document.title });
}

/** The page's title while it is shown; "" for none of its own. */
export function useTitle(title: string): void {
  useEffect(() => setTitle(title), [title]);
}
