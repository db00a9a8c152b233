/*
 * Calls of the gateway, on the page's own origin.  Types come from the served OpenAPI document
 * (npm run types).  Every failure is an ApiError.
 */
import { ApiError, badAnswer, failureOf, unreachable } from "@/lib/errors";
import { lookForGateway } from "@/lib/gateway";
import { authorization } from "@/lib/keys";
import type { components } from "@/lib/openapi";

type Schemas = components["schemas"];
/** An object of the API by its schema's name: Api<"Competitor">. */
export type Api<Name extends keyof Schemas> = Schemas[Name];
export interface List<T> {
  object: "list";
  data: T[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

export interface CallOptions {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** sent as JSON */
  json?: unknown;
  /** sent as it is */
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** an abort after so many ms until the head of the answer is there; 30 s, 0 for none */
  timeout?: number;
}

/** The answer's head; rejects with an ApiError for anything but 2xx, with AbortError if aborted. */
export async function send(path: string, options: CallOptions = {}): Promise<Response> {
  const { method = options.json !== undefined || options.body !== undefined ? "POST" : "GET", json, body } = options;
  const headers: Record<string, string> = { ...authorization(), ...options.headers };
  if (json !== undefined) headers["content-type"] = "application/json";
  const late = new AbortController();
  const timeout = options.timeout ?? 30_000;
  const timer = timeout > 0 ? setTimeout(() => late.abort(), timeout) : undefined;
  const signal = options.signal ? AbortSignal.any([options.signal, late.signal]) : late.signal;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: json !== undefined ? JSON.stringify(json) : body,
      signal,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (reason) {
    if (options.signal?.aborted) throw reason;
    void lookForGateway(); // one call that failed is not yet a gateway that is away
    throw unreachable(late.signal.aborted ? new Error(`It did not answer within ${timeout / 1000} s.`) : reason);
  } finally {
    clearTimeout(timer);
  }
  if (response.ok) return response;
  const requestId = response.headers.get("x-request-id");
  const failure = failureOf(await response.json().catch(() => null), response.status);
  if (failure === null) throw badAnswer(response.status, requestId, `status ${response.status}`);
  const after = Number(response.headers.get("retry-after"));
  throw new ApiError({
    ...failure,
    requestId: failure.requestId ?? requestId,
    retryAfter: Number.isFinite(after) && after > 0 ? after : null,
  });
}

/** The answer's JSON. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<T> {
  const response = await send(path, options);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    if (options.signal?.aborted) throw new DOMException("aborted", "AbortError");
    throw badAnswer(response.status, response.headers.get("x-request-id"), "no JSON");
  }
}

/** Path and query; members that are undefined, null or "" are left out. */
export function withQuery(path: string, query: Record<string, string | number | boolean | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== null && value !== "") params.set(name, String(value));
  return params.size === 0 ? path : `${path}?${params}`;
}
