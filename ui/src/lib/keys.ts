/*
 * The API key that calls are made with.  On a loopback address none is needed to chat and to read.
 * It lives for the tab (sessionStorage), or, if the user wants it kept, in localStorage.
 */
import { create } from "zustand";

const NAME = "janus.key";

function stored(): string {
  try {
    return sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME) ?? "";
  } catch {
    return ""; // storage is refused: the key lives in memory
  }
}

interface KeyState {
  key: string;
  /** use that key, "" for none; keep: also after the tab is closed */
  use: (key: string, keep: boolean) => void;
}

export const useKey = create<KeyState>((set) => ({
  key: stored(),
  use: (key, keep) => {
    try {
      for (const storage of [sessionStorage, localStorage]) storage.removeItem(NAME);
      if (key !== "") (keep ? localStorage : sessionStorage).setItem(NAME, key);
    } catch {
      // kept in memory only
    }
    set({ key });
  },
}));

export const authorization = (): Record<string, string> => {
  const { key } = useKey.getState();
  return key === "" ? {} : { authorization: `Bearer ${key}` };
};
