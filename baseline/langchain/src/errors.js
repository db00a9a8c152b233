// errors.js - errors as clients get them: a closed list of codes, one envelope, and what a model's errors become.

/** @typedef {{status: number, type: string, fault: string, retryable: boolean}} Code */

/** @type {Record<string, Code>} */
const codes = {};
for (const [status, type, fault, retryable, names] of /** @type {[number, string, string, boolean, string][]} */ ([
	[400, 'invalid_request_error', 'client', false, 'invalid_json missing_required_parameter invalid_value unsupported_parameter bad_request'],
	[403, 'permission_error', 'client', false, 'egress_denied'],
	[404, 'not_found_error', 'client', false, 'resource_not_found model_not_found'],
	[405, 'invalid_request_error', 'client', false, 'method_not_allowed'],
	[408, 'invalid_request_error', 'client', true, 'request_timeout'],
	[413, 'invalid_request_error', 'client', false, 'payload_too_large'],
	[415, 'invalid_request_error', 'client', false, 'unsupported_media_type'],
	[422, 'invalid_request_error', 'client', false, 'unprocessable'],
	[429, 'rate_limit_error', 'client', true, 'rate_limit_exceeded concurrency_exceeded'],
	[429, 'insufficient_quota', 'client', false, 'budget_exceeded'],
	[431, 'invalid_request_error', 'client', false, 'headers_too_large'],
	[499, 'client_closed', 'client', false, 'client_disconnected'],
	[500, 'server_error', 'miner', true, 'internal'],
	[503, 'overloaded_error', 'platform', true, 'draining'],
	[503, 'overloaded_error', 'platform', false, 'no_provider'],
	[502, 'upstream_error', 'upstream', true, 'upstream_connect_failed upstream_bad_response upstream_error_frame upstream_died'],
	[504, 'upstream_error', 'upstream', true,
		'upstream_timeout_connect upstream_timeout_first_byte upstream_timeout_gap upstream_timeout_total'],
])) for (const name of names.split(' ')) codes[name] = { status, type, fault, retryable };

/** An error with a code of the list. */
export class WireError extends Error {
	/**
	 * @param {string} code
	 * @param {string} message what happened, to what, what to do; shown to the client
	 * @param {{param?: string | null, retryAfter?: string | null, cause?: unknown}} [more]
	 */
	constructor(code, message, { param = null, retryAfter = null, cause } = {}) {
		super(message, { cause });
		this.name = 'WireError';
		this.code = code in codes ? code : 'internal';
		this.param = param;
		this.retryAfter = retryAfter;
	}

	get info() { return codes[this.code]; }
	get status() { return this.info.status; }

	/** @param {string} requestId */
	envelope(requestId) {
		const { type, fault, retryable } = this.info;
		return {
			error: {
				message: this.message, type, param: this.param, code: this.code,
				janus: { request_id: requestId, retryable, fault, docs: `/docs/errors#${this.code}`, details: [] },
			},
		};
	}
}

/** The status of what a model API refused, where it says no code that we know.  401 and 403: the key is ours, not the client's. */
const byStatus = new Map([
	[400, 'bad_request'], [404, 'model_not_found'], [413, 'payload_too_large'], [422, 'unprocessable'], [429, 'rate_limit_exceeded'],
]);
/** What the platform says in its own envelope holds for our client, too. */
const passedOn = new Set(['budget_exceeded', 'rate_limit_exceeded', 'concurrency_exceeded', 'no_provider', 'upstream_connect_failed',
	'upstream_died', 'upstream_timeout_connect', 'upstream_timeout_first_byte', 'upstream_timeout_gap', 'upstream_timeout_total']);

/** @param {unknown} value @param {string} key @returns {any} */
const member = (value, key) => (typeof value === 'object' && value !== null ? /** @type {any} */ (value)[key] : undefined);

/** @param {unknown} error */
function retryAfter(error) {
	const headers = member(error, 'headers');
	const value = typeof headers?.get === 'function' ? headers.get('retry-after') : member(headers, 'retry-after');
	return typeof value === 'string' && /^\d{1,6}$/.test(value) ? value : null;
}

/**
 * What a call of the model failed with, as an error of ours.
 *
 * @param {unknown} error of LangChain, of the OpenAI client, or of Node
 */
export function fromModel(error) {
	if (error instanceof WireError) return error;
	const status = member(error, 'status');
	const said = member(error, 'error');	// of the answer's envelope, or of an error frame
	const code = typeof member(said, 'code') === 'string' ? member(said, 'code') : null;
	const words = typeof member(said, 'message') === 'string' ? member(said, 'message').slice(0, 500) : null;
	const more = { cause: error, retryAfter: retryAfter(error) };

	if (code !== null && passedOn.has(code) && words !== null) return new WireError(code, words, more);
	if (typeof status === 'number') {
		const known = byStatus.get(status);
		if (known !== undefined) return new WireError(known, words ?? `The model API answered with status ${status}.`, more);
		return new WireError('upstream_bad_response', `The model API answered with status ${status}.`, more);
	}
	if (said !== undefined && said !== null)
		return new WireError('upstream_error_frame', `The model API ended its answer with an error${words ? `: ${words}` : '.'}`, more);
	if (member(error, 'name') === 'TimeoutError')
		return new WireError('upstream_timeout_first_byte', 'The model API did not answer in time.', more);
	if (error instanceof Error && error.constructor.name === 'APIConnectionError')
		return new WireError('upstream_connect_failed', 'The model API could not be reached.', more);
	if (error instanceof SyntaxError)
		return new WireError('upstream_bad_response', 'The model API sent what is no JSON.', more);
	return new WireError('upstream_died', 'The connection to the model API was lost.', more);
}

/**
 * Is it worth asking the model again, nothing having come yet?
 *
 * @param {unknown} error
 */
export function worthRetrying(error) {
	const { code } = fromModel(error);
	return member(error, 'name') !== 'AbortError' &&
		['rate_limit_exceeded', 'upstream_connect_failed', 'upstream_bad_response', 'upstream_died'].includes(code) &&
		![401, 403].includes(member(error, 'status'));
}
