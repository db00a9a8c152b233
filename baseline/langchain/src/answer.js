// answer.js - an answer on its way to the client: a stream of events, or one whole completion.
import { once } from 'node:events';
import { performance } from 'node:perf_hooks';

/** @typedef {import('./errors.js').WireError} WireError */
/** @typedef {import('./artifacts.js').Descriptor} Descriptor */
/** @typedef {{prompt_tokens: number, completion_tokens: number, total_tokens: number, cost_usd?: number, sandbox_seconds?: number}} Usage */
/** @typedef {{index: number, id?: string, name?: string, args?: string}} CallPart of a tool call that the client is to make */
/**
 * @typedef {object} About
 * @property {string} id of the completion
 * @property {string} requestId
 * @property {string} model
 * @property {boolean} includeUsage
 * @property {number} pingMs
 * @property {AbortSignal} signal nothing is waited for any more
 */

const HOLD_MS = 1000;	// an early failure gets a status of its own

/** What both kinds share: the interface that the agent and its tools know. */
export class Answer {
	/** @param {import('node:http').ServerResponse} res @param {About} about */
	constructor(res, about) {
		this.res = res;
		this.about = about;
		this.created = Math.floor(Date.now() / 1000);
		this.begun = performance.now();
		/** @type {number | null} when the first word came */
		this.firstMs = null;
		this.over = false;
	}

	/** @protected a word is there */
	mark() {
		this.firstMs ??= performance.now() - this.begun;
	}

	/** @param {string} _text @returns {Promise<void>} */
	async content(_text) { this.mark(); }
	/** @param {string} _text @returns {Promise<void>} */
	async reasoning(_text) { this.mark(); }
	/** @param {string} _event @param {object} _payload @returns {Promise<void>} */
	async janus(_event, _payload) {}
	/** @param {Descriptor} _descriptor @returns {Promise<void>} */
	async artifact(_descriptor) {}
	/** @param {CallPart[]} _parts @returns {Promise<void>} */
	async calls(_parts) { this.mark(); }
	/** @param {string} _reason @param {Usage | null} _usage @returns {Promise<void>} */
	async finish(_reason, _usage) { this.over = true; }
	/** @param {WireError} _error */
	fail(_error) { this.over = true; }
	/** Nothing more is written; also when the client has gone. */
	close() { this.over = true; }

	/** @param {WireError} error @protected */
	status(error) {
		sendError(this.res, error, this.about.requestId);
	}
}

/** @param {import('node:http').ServerResponse} res @param {WireError} error @param {string} requestId */
export function sendError(res, error, requestId) {
	sendJson(res, error.status, error.envelope(requestId), error.retryAfter !== null ? { 'retry-after': error.retryAfter } : {});
}

/** @param {import('node:http').ServerResponse} res @param {number} status @param {unknown} body @param {Record<string, string>} [headers] */
export function sendJson(res, status, body, headers = {}) {
	const text = JSON.stringify(body);
	if (res.headersSent || res.destroyed) return;
	res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers });
	res.end(res.req.method === 'HEAD' ? undefined : text);
}

export class EventStream extends Answer {
	/** @param {import('node:http').ServerResponse} res @param {About} about */
	constructor(res, about) {
		super(res, about);
		/** @type {NodeJS.Timeout} */
		this.timer = setTimeout(() => this.open(), HOLD_MS);
		this.lastMs = this.begun;
		this.maxGapMs = 0;	// between two writes, comments too
	}

	open() {
		if (this.res.headersSent || this.over) return;
		clearTimeout(this.timer);
		this.res.writeHead(200, {
			'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache, no-transform', 'x-accel-buffering': 'no',
		});
		this.res.socket?.setNoDelay(true);
		this.write(this.chunk([{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }]));
	}

	/** @param {object[]} choices @param {object} [more] */
	chunk(choices, more = {}) {
		const { id, model } = this.about;
		return `data: ${JSON.stringify({ id, object: 'chat.completion.chunk', created: this.created, model, choices, ...more })}\n\n`;
	}

	/** @param {string} text @returns {boolean} false: the client does not keep up */
	write(text) {
		const now = performance.now();
		this.maxGapMs = Math.max(this.maxGapMs, now - this.lastMs);
		this.lastMs = now;
		clearTimeout(this.timer);
		if (this.over || this.res.destroyed) return true;
		this.timer = setTimeout(() => this.write(': ping\n\n'), this.about.pingMs);
		return this.res.write(text);
	}

	/** @param {object} delta */
	async send(delta) {
		this.open();
		if (this.write(this.chunk([{ index: 0, delta, finish_reason: null }])) || this.res.destroyed) return;
		const left = new AbortController();
		const signal = AbortSignal.any([left.signal, this.about.signal]);
		await Promise.race([once(this.res, 'drain', { signal }), once(this.res, 'close', { signal })]).catch(() => {});
		left.abort();
	}

	/** @override @param {string} text */
	async content(text) { this.mark(); await this.send({ content: text }); }
	/** @override @param {string} text */
	async reasoning(text) { this.mark(); await this.send({ reasoning_content: text }); }
	/** @override @param {string} event @param {object} payload */
	async janus(event, payload) { await this.send({ janus: { event, payload } }); }
	/** @override @param {Descriptor} descriptor */
	async artifact(descriptor) { await this.janus('artifact', descriptor); }
	/** @override @param {CallPart[]} parts */
	async calls(parts) {
		this.mark();
		await this.send({
			tool_calls: parts.map(({ index, id, name, args }) => ({
				index, ...(id !== undefined && { id, type: 'function' }), function: { ...(name !== undefined && { name }), arguments: args ?? '' },
			})),
		});
	}

	/** @override @param {string} reason @param {Usage | null} usage */
	async finish(reason, usage) {
		this.open();
		this.write(this.chunk([{ index: 0, delta: {}, finish_reason: reason }]));
		if (this.about.includeUsage && usage !== null) this.write(this.chunk([], { usage }));
		this.write('data: [DONE]\n\n');
		this.close();
		this.res.end();
	}

	/** @override @param {WireError} error before the first event it is a status, then an event */
	fail(error) {
		if (this.res.headersSent) {
			this.write(`data: ${JSON.stringify(error.envelope(this.about.requestId))}\n\ndata: [DONE]\n\n`);
			this.close();
			this.res.end();
		} else {
			this.close();
			this.status(error);
		}
	}

	/** @override */
	close() {
		this.over = true;
		clearTimeout(this.timer);
	}
}

export class Completion extends Answer {
	/** @param {import('node:http').ServerResponse} res @param {About} about */
	constructor(res, about) {
		super(res, about);
		this.text = '';
		this.thought = '';
		/** @type {Descriptor[]} */
		this.artifacts = [];
		/** @type {{id: string, name: string, args: string}[]} */
		this.called = [];
	}

	/** @override @param {string} text */
	async content(text) { this.mark(); this.text += text; }
	/** @override @param {string} text */
	async reasoning(text) { this.mark(); this.thought += text; }
	/** @override @param {Descriptor} descriptor */
	async artifact(descriptor) { this.artifacts.push(descriptor); }
	/** @override @param {CallPart[]} parts */
	async calls(parts) {
		this.mark();
		for (const { index, id, name, args } of parts) {
			const call = this.called[index] ??= { id: '', name: '', args: '' };
			call.id += id ?? '';
			call.name += name ?? '';
			call.args += args ?? '';
		}
	}

	/** @override @param {string} reason @param {Usage | null} usage */
	async finish(reason, usage) {
		const { id, model } = this.about;
		const tool_calls = this.called.filter(Boolean)
			.map((call) => ({ id: call.id, type: 'function', function: { name: call.name, arguments: call.args } }));
		this.over = true;
		sendJson(this.res, 200, {
			id, object: 'chat.completion', created: this.created, model,
			choices: [{
				index: 0,
				message: {
					role: 'assistant',
					content: this.text === '' && tool_calls.length > 0 ? null : this.text,
					...(this.thought !== '' && { reasoning_content: this.thought }),
					...(this.artifacts.length > 0 && { artifacts: this.artifacts }),
					...(tool_calls.length > 0 && { tool_calls }),
				},
				finish_reason: reason,
			}],
			...(usage !== null && { usage }),
		});
	}

	/** @override @param {WireError} error */
	fail(error) {
		this.over = true;
		this.status(error);
	}
}
