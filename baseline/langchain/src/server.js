// server.js - health, models, metrics, artifacts, chats, over node:http.
import { setMaxListeners } from 'node:events';
import { createServer, STATUS_CODES } from 'node:http';
import { performance } from 'node:perf_hooks';
import { work } from './agent.js';
import { Completion, EventStream, sendError, sendJson } from './answer.js';
import { Artifacts } from './artifacts.js';
import { WireError } from './errors.js';
import { completionId, requestId } from './ids.js';
import { Metrics } from './metrics.js';
import { makeClient, Models, OFFLINE } from './model.js';
import { parseChat } from './request.js';
import { Sandbox } from './sandbox.js';
import { Service } from './service.js';
import { makeTools } from './tools.js';

/** @typedef {import('node:http').IncomingMessage} IncomingMessage */
/** @typedef {import('node:http').ServerResponse} ServerResponse */
/** @typedef {import('./config.js').Config} Config */
/** @typedef {import('./log.js').Log} Log */
/** @typedef {import('./answer.js').Answer} Answer */
/** @typedef {import('./answer.js').Usage} Usage */

const malformed = new Map([['HPE_HEADER_OVERFLOW', 'headers_too_large'], ['ERR_HTTP_REQUEST_TIMEOUT', 'request_timeout']]);
const SETTLE_TRIES = 5;	// what was spent is known a moment after it was

/** @param {number} ms */
const pause = (ms) => new Promise((go) => { setTimeout(go, ms); });

export class Server {
	/** @param {Config} config @param {Log} log @param {string} version */
	constructor(config, log, version) {
		this.config = config;
		this.log = log;
		this.version = version;
		this.begun = performance.now();
		this.models = new Models(config, log);
		this.artifacts = new Artifacts();
		this.metrics = new Metrics(version);
		this.draining = false;
		/** @type {Set<AbortController>} of the chats under way */
		this.chats = new Set();
		this.http = createServer({ maxHeaderSize: 32 << 10, requestTimeout: 60_000, keepAliveTimeout: 600_000 },
			(req, res) => void this.answer(req, res));
		this.http.setTimeout(config.totalMs + 60_000);	// nothing read and nothing written for so long: nobody is there
		this.http.on('clientError', (error, socket) => {
			const code = malformed.get(/** @type {NodeJS.ErrnoException} */ (error).code ?? '') ?? 'bad_request';
			const wire = new WireError(code, 'The HTTP request cannot be read, or does not come whole.');
			const body = JSON.stringify(wire.envelope(requestId(undefined)));
			if (socket.writable)
				socket.end(`HTTP/1.1 ${wire.status} ${STATUS_CODES[wire.status]}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
					`content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
		});
	}

	/** @returns {Promise<number>} the port */
	listen() {
		return new Promise((resolve, reject) => {
			this.http.once('error', reject);
			this.http.listen(this.config.port, this.config.host, () => {
				const address = this.http.address();
				resolve(typeof address === 'object' && address !== null ? address.port : this.config.port);
			});
		});
	}

	/** Take nothing new; resolves when all is answered, or the time is over. @param {number} graceMs */
	async drain(graceMs) {
		this.draining = true;
		const closed = new Promise((go) => { this.http.close(go); });
		const sweep = setInterval(() => this.http.closeIdleConnections(), 50);	// they are idle once their answer is over
		const late = setTimeout(() => {
			for (const control of this.chats) control.abort(new WireError('draining', 'The server is shutting down.'));
			setTimeout(() => this.http.closeAllConnections(), 500).unref();
		}, graceMs);
		await closed;
		clearTimeout(late);
		clearInterval(sweep);
		this.models.close();
	}

	/** @param {IncomingMessage} req @param {ServerResponse} res */
	async answer(req, res) {
		const id = requestId(req.headers['x-request-id']);
		const path = (req.url ?? '/').split('?')[0];
		res.setHeader('x-request-id', id);
		if (this.draining) res.setHeader('connection', 'close');
		try {
			const [method, handle] = this.route(path);
			if (req.method !== method && !(req.method === 'HEAD' && method === 'GET')) {
				res.setHeader('allow', method === 'GET' ? 'GET, HEAD' : method);
				throw new WireError('method_not_allowed', 'That method is not served here.');
			}
			await handle(req, res, id);
		} catch (error) {
			if (!(error instanceof WireError)) this.log.error('request.failed', { request_id: id, error: error instanceof Error ? error.stack : String(error) });
			sendError(res, error instanceof WireError ? error : new WireError('internal', 'The baseline itself failed.'), id);
			if (!req.complete) res.once('finish', () => req.destroy());	// what it still sends is of no use
		}
	}

	/** @param {string} path @returns {[method: string, handle: (req: IncomingMessage, res: ServerResponse, id: string) => unknown]} */
	route(path) {
		switch (path) {
		case '/health': return ['GET', (_req, res) => sendJson(res, 200, this.health())];
		case '/v1/models': return ['GET', (_req, res) => sendJson(res, 200, this.list())];
		case '/metrics': return ['GET', (_req, res) => {
			res.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
			res.end(this.metrics.text());
		}];
		case '/v1/chat/completions': return ['POST', (req, res, id) => this.chat(req, res, id)];
		default:
			if (path.startsWith('/artifacts/')) return ['GET', (_req, res) => this.artifact(path.slice('/artifacts/'.length), res)];
			throw new WireError('resource_not_found', 'There is no such path; try POST /v1/chat/completions.');
		}
	}

	health() {
		const { model, why } = this.models;
		return {
			status: 'ok', version: this.version, uptime_seconds: Math.floor((performance.now() - this.begun) / 1000),
			answers: model === null ? 'nothing' : model === OFFLINE ? 'offline' : 'model', model, detail: why,
			sandbox_available: this.config.sandyUrl !== null && model !== OFFLINE,
			features: { chat: true, tools: model !== OFFLINE, web: this.config.platformUrl !== null, agent_sandbox: this.config.sandyUrl !== null, artifacts: true },
		};
	}

	list() {
		const { model } = this.models;
		return {
			object: 'list',
			data: model === null ? [] : [{ id: model, object: 'model', created: 0, owned_by: model === OFFLINE ? 'janus' : 'upstream' }],
		};
	}

	/** @param {string} id @param {ServerResponse} res */
	artifact(id, res) {
		const kept = this.artifacts.get(id);
		if (kept === null) throw new WireError('resource_not_found', 'There is no such file, or not any more.');
		const { descriptor: { display_name, mime_type, sha256 }, bytes } = kept;
		res.writeHead(200, {
			'content-type': mime_type,
			'content-length': bytes.length,
			'content-disposition': `attachment; filename="${display_name.replace(/[^\x20-\x7e]|["\\]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(display_name)}`,
			'x-content-type-options': 'nosniff',
			'content-security-policy': 'sandbox',
			'repr-digest': `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`,
		});
		res.end(res.req.method === 'HEAD' ? undefined : bytes);
	}

	/** @param {IncomingMessage} req */
	async body(req) {
		const { bodyMaxBytes } = this.config;
		const tooLarge = () => new WireError('payload_too_large', `A chat has at most ${bodyMaxBytes} bytes.`);
		const parts = [];
		let length = 0;
		if (Number(req.headers['content-length'] ?? 0) > bodyMaxBytes) throw tooLarge();
		try {
			for await (const part of req) {
				length += part.length;
				if (length > bodyMaxBytes) throw tooLarge();
				parts.push(part);
			}
		} catch (error) {
			throw error instanceof WireError ? error : new WireError('client_disconnected', 'The body did not come whole.');
		}
		return Buffer.concat(parts).toString('utf8');
	}

	/** @param {IncomingMessage} req @param {ServerResponse} res @param {string} id */
	async chat(req, res, id) {
		if (this.draining) throw new WireError('draining', 'The server is shutting down; try again in a moment.', { retryAfter: '1' });
		const chat = parseChat(await this.body(req));
		const model = await this.models.current();
		const control = new AbortController();
		setMaxListeners(0, control.signal);	// every step and tool listens
		const about = {
			id: completionId(), requestId: id, model, includeUsage: chat.includeUsage, pingMs: this.config.pingMs, signal: control.signal,
		};
		const answer = chat.stream ? new EventStream(res, about) : new Completion(res, about);
		const late = setTimeout(() => control.abort(new WireError('upstream_timeout_total',
			`The answer was not complete after ${this.config.totalMs / 1000} s.`)), this.config.totalMs);
		const gone = () => {
			if (!res.writableFinished) control.abort(new WireError('client_disconnected', 'The client has gone.'));
			answer.close();
		};

		res.on('close', gone);
		if (res.destroyed) gone();
		this.metrics.active++;
		this.chats.add(control);
		try {
			this.record(answer, await this.perform(chat, answer, control));
		} finally {
			this.chats.delete(control);
			this.metrics.active--;
			clearTimeout(late);
		}
	}

	/**
	 * @param {import('./request.js').Chat} chat
	 * @param {Answer} answer
	 * @param {AbortController} control
	 * @returns {Promise<{error: WireError | null, done: import('./agent.js').Done | null, tools: number, sandboxSeconds: number}>}
	 */
	async perform(chat, answer, control) {
		const { config, log } = this;
		const { requestId: id, model } = answer.about;
		const of = { requestId: id, signal: control.signal };
		const platform = config.platformUrl === null ? null : new Service({ name: 'the platform', url: config.platformUrl, key: config.inPod ? config.apiKey : '', ...of });
		const sandbox = config.sandyUrl === null ? null
			: new Sandbox(new Service({ name: 'the sandbox service', url: config.sandyUrl, key: config.sandyKey, ...of }),
				(event, payload) => answer.janus(event, payload));
		const own = !chat.clientTools && model !== OFFLINE;
		let done = null, error = null, tools = 0;

		try {
			done = await work({
				messages: chat.messages,
				client: makeClient(config, model, chat.params, id),
				tools: own ? makeTools({ platform, sandbox, artifacts: this.artifacts, answer }) : [],
				answer, control, maxSteps: config.maxSteps, gapMs: config.gapMs, log, requestId: id,
				onTool: (name, ok) => {
					tools++;
					this.metrics.tool(name, ok);
				},
			});
		} catch (thrown) {
			if (!(thrown instanceof WireError)) log.error('chat.failed', { request_id: id, error: thrown instanceof Error ? thrown.stack : String(thrown) });
			error = thrown instanceof WireError ? thrown : new WireError('internal', 'The baseline itself failed.', { cause: thrown });
		}
		await sandbox?.end().catch((thrown) => log.warn('sandbox.not_ended', { request_id: id, error: String(thrown) }));
		const sandboxSeconds = sandbox?.seconds ?? 0;
		if (done !== null) await answer.finish(done.finish, await this.usage(done, platform, sandboxSeconds));
		else if (error !== null) answer.fail(error);
		return { error, done, tools, sandboxSeconds };
	}

	/**
	 * What the chat took: tokens as the model counted them, the rest as the platform measured it.
	 *
	 * @param {import('./agent.js').Done} done
	 * @param {Service | null} platform
	 * @param {number} sandboxSeconds by our own clock
	 * @returns {Promise<Usage | null>}
	 */
	async usage({ tokens }, platform, sandboxSeconds) {
		if (tokens === null) return null;
		let spent = null;
		for (let tries = 1; platform !== null && tries <= SETTLE_TRIES; tries++) {
			const { chat } = await platform.json('/usage', { timeoutMs: 1000 }).catch(() => ({ chat: null }));
			spent = chat?.spent ?? null;
			if (!(chat?.held?.requests > 0 || chat?.held?.tokens > 0)) break;
			await pause(10 * tries);
		}
		const seconds = spent?.sandbox_seconds || sandboxSeconds;
		return {
			...tokens,
			...(spent?.cost_usd > 0 && { cost_usd: spent.cost_usd }),
			...(seconds > 0 && { sandbox_seconds: Number(seconds.toFixed(3)) }),
		};
	}

	/** @param {Answer} answer @param {Awaited<ReturnType<Server['perform']>>} outcome */
	record(answer, { error, done, tools, sandboxSeconds }) {
		const { metrics } = this;
		const durationMs = performance.now() - answer.begun;
		const cancelled = error?.code === 'client_disconnected';
		const gapMs = answer instanceof EventStream ? answer.maxGapMs : null;

		metrics.chats[cancelled ? 'cancelled' : error !== null ? 'failed' : 'ok']++;
		metrics.tokens.prompt += done?.tokens?.prompt_tokens ?? 0;
		metrics.tokens.completion += done?.tokens?.completion_tokens ?? 0;
		metrics.sandboxSeconds += sandboxSeconds;
		metrics.duration.see(durationMs / 1000);
		if (answer.firstMs !== null) metrics.ttft.see(answer.firstMs / 1000);
		if (gapMs !== null) metrics.gap.see(gapMs / 1000);
		this.log.info('request.done', {
			request_id: answer.about.requestId, route: '/v1/chat/completions', status: error?.status ?? 200, code: error?.code ?? null,
			error: error?.message ?? null, model: answer.about.model, ttft_ms: answer.firstMs === null ? null : Math.round(answer.firstMs),
			max_gap_ms: gapMs === null ? null : Math.round(gapMs), duration_ms: Math.round(durationMs),
			steps: done?.steps, tool_calls: tools, sandbox_seconds: Number(sandboxSeconds.toFixed(3)),
		});
	}
}
