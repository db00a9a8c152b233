/* Is the sidebar there? On a wide window it is beside the chat and stays as it was left; else it lies over it. */
import { create } from "zustand";

const NAME = "janus.chat.sidebar";
const read = (): boolean => {
  try {
    return localStorage.getItem(NAME) !== "closed";
  } catch {
    return true;
  }
};

interface Layout {
  isBeside: boolean;
  isOver: boolean;
  toggle: () => void;
  close: () => void;
}

const isWide = (): boolean => matchMedia("(min-width: 1024px)").matches;

export const useLayout = create<Layout>((set, get) => ({
  isBeside: read(),
  isOver: false,
  toggle: () => {
    if (!isWide()) return set({ isOver: !get().isOver });
    const isBeside = !get().isBeside;
    try {
      localStorage.setItem(NAME, isBeside ? "open" : "closed");
    } catch {
      // for this page only
    }
    set({ isBeside });
  },
  close: () => set({ isOver: false }),
}));
