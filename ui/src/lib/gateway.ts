/* Is the gateway there?  Any HTTP answer of it says yes; the shell shows a banner while it is not. */
import { create } from "zustand";

export const useGateway = create<{ away: boolean }>(() => ({ away: false }));

const is = (away: boolean) => {
  if (useGateway.getState().away !== away) useGateway.setState({ away });
};

async function look(): Promise<boolean> {
  try {
    await fetch("/livez", { cache: "no-store", credentials: "same-origin", signal: AbortSignal.timeout(5_000) });
    is(false);
    return true;
  } catch {
    is(true);
    return false;
  }
}

let looking: Promise<boolean> | null = null;

/** Asks /livez, once at a time; says whether the gateway answered. */
export function lookForGateway(): Promise<boolean> {
  looking ??= look().finally(() => {
    looking = null;
  });
  return looking;
}
