/** A new Idempotency-Key: one for each thing to be done, the same when it is tried again. */
export const onceKey = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
