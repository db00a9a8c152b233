/** What a call failed with: Janus's error envelope, or why there is none. */
export interface Failure {
  /** HTTP status; 0 when the gateway could not be reached or gave no HTTP answer */
  status: number;
  /** a code of docs/errors.md, or "unreachable", "bad_answer" */
  code: string;
  message: string;
  param: string | null;
  requestId: string | null;
  retryable: boolean;
  /** client, miner, platform, upstream or judge */
  fault: string | null;
  /** seconds to wait, if the gateway said so */
  retryAfter: number | null;
}

export class ApiError extends Error implements Failure {
  readonly status: number;
  readonly code: string;
  readonly param: string | null;
  readonly requestId: string | null;
  readonly retryable: boolean;
  readonly fault: string | null;
  readonly retryAfter: number | null;

  constructor(failure: Failure) {
    super(failure.message);
    this.name = "ApiError";
    this.status = failure.status;
    this.code = failure.code;
    this.param = failure.param;
    this.requestId = failure.requestId;
    this.retryable = failure.retryable;
    this.fault = failure.fault;
    this.retryAfter = failure.retryAfter;
  }
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** The envelope's error, as it stands in a body or in a stream's event; null if that is none. */
export function failureOf(body: unknown, status: number): Failure | null {
  const error = body !== null && typeof body === "object" ? (body as { error?: unknown }).error : undefined;
  if (error === null || typeof error !== "object") return null;
  const { message, code, param, type, janus } = error as Record<string, unknown>;
  const more = (janus !== null && typeof janus === "object" ? janus : {}) as Record<string, unknown>;
  return {
    status,
    code: text(code) ?? text(type) ?? "error",
    message: text(message) ?? "The gateway refused without saying why.",
    param: text(param),
    requestId: text(more.request_id),
    retryable: more.retryable === true,
    fault: text(more.fault),
    retryAfter: null,
  };
}

export function unreachable(reason: unknown): ApiError {
  return new ApiError({
    status: 0,
    code: "unreachable",
    message: `The gateway cannot be reached. ${reason instanceof Error ? reason.message : ""}`.trim(),
    param: null,
    requestId: null,
    retryable: true,
    fault: "platform",
    retryAfter: null,
  });
}

export function badAnswer(status: number, requestId: string | null, what: string): ApiError {
  return new ApiError({
    status,
    code: "bad_answer",
    message: `The gateway answered with something that is not understood (${what}).`,
    param: null,
    requestId,
    retryable: status >= 500,
    fault: "platform",
    retryAfter: null,
  });
}
