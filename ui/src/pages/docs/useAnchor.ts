/* A page's anchor: found when its text has come, and kept in place while what is above it grows. */
import { useEffect } from "react";
import { useLocation } from "react-router";

const PATIENCE_MS = 8_000;
const SETTLE_MS = 1_500;

/** Goes to the address's anchor within the element that holds the page. */
export function useAnchor(holder: HTMLElement | null): void {
  const { hash, key } = useLocation();
  useEffect(() => {
    const id = decodeURIComponent(hash.slice(1));
    if (holder === null || id === "") return;
    let found: HTMLElement | null = null;
    const go = () => {
      found ??= document.getElementById(id);
      if (found === null || !holder.contains(found)) return;
      found.scrollIntoView({ block: "start" });
    };
    const stop = () => {
      mutations.disconnect();
      sizes.disconnect();
      for (const event of ["wheel", "touchstart", "keydown", "pointerdown"]) removeEventListener(event, stop);
      clearTimeout(timer);
    };
    const mutations = new MutationObserver(() => {
      if (found !== null) return;
      go();
      if (found === null) return;
      clearTimeout(timer);
      timer = setTimeout(stop, SETTLE_MS);
    });
    const sizes = new ResizeObserver(go);
    let timer = setTimeout(stop, PATIENCE_MS);
    go();
    if (found !== null) {
      clearTimeout(timer);
      timer = setTimeout(stop, SETTLE_MS);
    }
    mutations.observe(holder, { childList: true, subtree: true });
    sizes.observe(holder);
    // who scrolls is not pulled back
    for (const event of ["wheel", "touchstart", "keydown", "pointerdown"]) addEventListener(event, stop, { passive: true });
    return stop;
  }, [holder, hash, key]);
}
