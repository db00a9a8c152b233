// service.js - calls of the services behind the platform, each in the name of one chat.

/** A service said no, or nothing. */
export class ServiceError extends Error {
	/** @param {string} message @param {{status?: number, code?: string | null, retryAfterMs?: number | null}} [more] */
	constructor(message, { status = 0, code = null, retryAfterMs = null } = {}) {
		super(message);
		this.name = 'ServiceError';
		this.status = status;	// 0: there was no answer
		this.code = code;
		this.retryAfterMs = retryAfterMs;
	}
}

const ANSWER_MAX = 16 << 20;

/** @param {Response} response @param {number} most @returns {Promise<Buffer>} */
async function bytesOf(response, most) {
	const parts = [];
	let length = 0;
	if (response.body === null) return Buffer.alloc(0);
	for await (const part of /** @type {AsyncIterable<Uint8Array>} */ (/** @type {unknown} */ (response.body))) {
		length += part.length;
		if (length > most) throw new ServiceError(`the answer is larger than ${most} bytes`, { status: response.status });
		parts.push(part);
	}
	return Buffer.concat(parts);
}

/** @param {Buffer} body @param {Response} response @param {string} what */
function refusal(body, response, what) {
	let said = null;
	try {
		said = JSON.parse(body.toString()).error;
	} catch {
		// no envelope: the status says it
	}
	const seconds = Number(response.headers.get('retry-after') ?? NaN);
	return new ServiceError(typeof said?.message === 'string' ? said.message : `${what} answered with status ${response.status}`, {
		status: response.status,
		code: typeof said?.code === 'string' ? said.code : null,
		retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
	});
}

/**
 * @typedef {object} Ask
 * @property {unknown} [body] sent as JSON, by POST
 * @property {string} [accept]
 * @property {number} [timeoutMs]
 * @property {number} [most] bytes of the answer
 * @property {AbortSignal} [signal] instead of the chat's
 */

/** @typedef {{status: number, type: string, bytes: Buffer}} Answer */

export class Service {
	/** @param {{name: string, url: string, key: string, requestId: string, signal: AbortSignal}} of */
	constructor({ name, url, key, requestId, signal }) {
		this.name = name;
		this.url = url;
		this.signal = signal;
		/** @type {Record<string, string>} */
		this.headers = { 'x-request-id': requestId, ...(key !== '' && { authorization: `Bearer ${key}` }) };
	}

	/**
	 * @param {string} path
	 * @param {Ask} [how]
	 * @returns {Promise<Answer>} of a 2xx
	 * @throws {ServiceError}
	 */
	async ask(path, { body, accept = 'application/json', timeoutMs = 30_000, most = ANSWER_MAX, signal = this.signal } = {}) {
		const late = AbortSignal.timeout(timeoutMs);
		try {
			const response = await fetch(this.url + path, {
				method: body === undefined ? 'GET' : 'POST',
				headers: { ...this.headers, accept, ...(body !== undefined && { 'content-type': 'application/json' }) },
				body: body === undefined ? undefined : JSON.stringify(body),
				redirect: 'error',
				signal: AbortSignal.any([signal, late]),
			});
			const bytes = await bytesOf(response, most);
			if (!response.ok) throw refusal(bytes, response, this.name);
			return { status: response.status, type: response.headers.get('content-type') ?? '', bytes };
		} catch (error) {
			if (error instanceof ServiceError) throw error;
			if (signal.aborted) throw signal.reason;
			throw new ServiceError(late.aborted ? `${this.name} did not answer within ${timeoutMs / 1000} s` : `${this.name} could not be reached`);
		}
	}

	/** @param {string} path @param {Ask} [how] @returns {Promise<any>} */
	async json(path, how) {
		const { bytes } = await this.ask(path, how);
		try {
			return JSON.parse(bytes.toString());
		} catch {
			throw new ServiceError(`${this.name} sent what is no JSON`);
		}
	}
}
