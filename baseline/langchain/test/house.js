// house.js - a server to test, with a scripted model and a platform that remembers what it was asked.
import { createServer } from 'node:http';
import { Log } from '../src/log.js';
import { readConfig } from '../src/config.js';
import { Server } from '../src/server.js';
import { startFakeModel } from './fake-model.js';

/** @typedef {{method: string, path: string, headers: import('node:http').IncomingHttpHeaders, body: any, cancelled: boolean}} Call */
/** @typedef {(call: Call) => {status?: number, body?: any, raw?: Buffer, type?: string, headers?: Record<string, string>, hang?: boolean} | void} Play */

/** @param {number} ms */
export const pause = (ms) => new Promise((go) => { setTimeout(go, ms); });

/** @param {string} what @param {() => unknown} condition @param {number} [ms] */
export async function becomes(what, condition, ms = 60_000) {
	for (const end = Date.now() + ms; Date.now() < end; await pause(10)) if (await condition()) return;
	throw new Error(`not in ${ms} ms: ${what}`);
}

/** The platform's services, as a competitor sees them.  play answers first, if it does. @param {Play} [play] */
export async function startFakePlatform(play = () => {}) {
	/** @type {Call[]} */
	const calls = [];
	/** @type {Map<string, {files: Map<string, Buffer>, ended: boolean}>} */
	const boxes = new Map();
	const usual = (/** @type {Call} */ { path, method, body }) => {
		const url = new URL(path, 'http://x');
		const [, , , id, ...rest] = url.pathname.split('/');
		const box = boxes.get(id ?? '');
		if (url.pathname === '/search') return { body: { source: 'local', results: [{ title: 'Foxes', url: 'local:/fox.md', snippet: `about ${body.query}` }] } };
		if (url.pathname === '/fetch') return { body: { url: url.searchParams.get('url'), status: 200, content_type: 'text/html', title: 'A page', text: 'Its words.', links: [] } };
		if (url.pathname === '/usage') return { body: { chat: { spent: { cost_usd: 0.25, sandbox_seconds: 1.5 }, held: { requests: 0, tokens: 0 } } } };
		if (url.pathname === '/api/sandboxes') {
			const made = `sb_${boxes.size + 1}`;
			boxes.set(made, { files: new Map(), ended: false });
			return { body: { sandboxId: made, status: 'running' } };
		}
		if (box === undefined || box.ended) return { status: 404, body: { error: { message: 'there is no such sandbox', code: 'resource_not_found' } } };
		switch (`${method} ${rest.join('/')}`) {
		case 'POST files/write':
			box.files.set(body.path, Buffer.from(body.content));
			return { body: { ok: true } };
		case 'POST exec': return { body: { stdout: 'done\n', stderr: '', exitCode: 0, timedOut: false } };
		case 'GET files/list': {
			const within = `${url.searchParams.get('path')}/`;
			return { body: { files: [...box.files.keys()].filter((name) => name.startsWith(within)).map((name) => name.slice(within.length)) } };
		}
		case 'GET files/read': {
			const raw = box.files.get(url.searchParams.get('path') ?? '');
			return raw === undefined ? { status: 404, body: {} } : { raw, type: 'application/octet-stream' };
		}
		case 'POST terminate':
			box.ended = true;
			return { body: { ok: true } };
		default: return { status: 404, body: {} };
		}
	};
	const http = createServer(async (req, res) => {
		const parts = [];
		for await (const part of req) parts.push(part);
		const text = Buffer.concat(parts).toString();
		/** @type {Call} */
		const call = { method: req.method ?? '', path: req.url ?? '', headers: req.headers, body: text === '' ? null : JSON.parse(text), cancelled: false };
		calls.push(call);
		res.on('close', () => { call.cancelled = !res.writableFinished; });
		/** @type {ReturnType<Play>} */
		const answer = play(call) ?? usual(call);
		if (answer.hang) return;
		res.writeHead(answer.status ?? 200, { 'content-type': answer.type ?? 'application/json', ...answer.headers });
		res.end(answer.raw ?? JSON.stringify(answer.body));
	});
	await new Promise((go) => { http.listen(0, '127.0.0.1', () => go(null)); });
	const { port } = /** @type {import('node:net').AddressInfo} */ (http.address());
	return { url: `http://127.0.0.1:${port}`, calls, boxes, close: () => { http.close(); http.closeAllConnections(); } };
}

/**
 * @param {object} [how]
 * @param {import('./fake-model.js').Script} [how.script]
 * @param {string[]} [how.models]
 * @param {Play | null} [how.platform] null: by itself, without a platform
 * @param {Record<string, string>} [how.env]
 */
export async function startHouse({ script, models, platform = () => {}, env = {} } = {}) {
	const model = await startFakeModel({ script, models });
	const fake = platform === null ? null : await startFakePlatform(platform);
	const config = readConfig(fake === null
		? { BASELINE_LANGCHAIN_OPENAI_BASE_URL: model.url, BASELINE_LANGCHAIN_OPENAI_API_KEY: 'sk-of-the-test', ...env }
		: { JANUS_PLATFORM_URL: fake.url, OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'jns_rt_of_the_test', SANDY_BASE_URL: fake.url, ...env });
	/** @type {any[]} */
	const lines = [];
	const server = new Server({ ...config, host: '127.0.0.1', port: 0 }, new Log('debug', (line) => lines.push(JSON.parse(line))), '0.0.0-test');
	const url = `http://127.0.0.1:${await server.listen()}`;

	/** @param {any} content of the user's message, or a whole body @param {object} [more] @param {RequestInit} [init] */
	const chat = (content, more = {}, init = {}) => fetch(`${url}/v1/chat/completions`, {
		method: 'POST', body: JSON.stringify({ model: 'janus/x', messages: [{ role: 'user', content }], ...more }), ...init,
	});
	return {
		url, server, model, platform: fake, lines, chat,
		/** @param {any} content @param {object} [more] @param {RequestInit} [init] */
		async stream(content, more = {}, init = {}) {
			return readStream(await chat(content, { stream: true, ...more }, init));
		},
		async close() {
			await server.drain(0);
			model.close();
			fake?.close();
		},
	};
}

/**
 * @typedef {object} Read a stream, read to its end
 * @property {Response} response
 * @property {string} text
 * @property {any[]} chunks
 * @property {number} pings
 * @property {number} dones
 * @property {string | undefined} last
 * @property {Set<string>} ids
 * @property {string} content
 * @property {string} reasoning
 * @property {any[]} janus
 * @property {string[]} finishes
 * @property {any[]} usages
 * @property {any[]} errors
 * @property {any[]} deltas
 */

/** @param {Response} response @returns {Promise<Read>} */
export async function readStream(response) {
	const text = await response.text();
	const blocks = text.split('\n\n').filter((block) => block !== '');
	const data = blocks.filter((block) => block.startsWith('data: ')).map((block) => block.slice('data: '.length));
	const chunks = data.filter((each) => each !== '[DONE]').map((each) => JSON.parse(each));
	const deltas = chunks.flatMap((chunk) => chunk.choices ?? []).map((choice) => choice.delta);
	return {
		response, text, chunks,
		pings: blocks.filter((block) => block === ': ping').length,
		dones: data.filter((each) => each === '[DONE]').length,
		last: data.at(-1),
		ids: new Set(chunks.filter((chunk) => !chunk.error).map((chunk) => chunk.id)),
		content: deltas.map((delta) => delta.content ?? '').join(''),
		reasoning: deltas.map((delta) => delta.reasoning_content ?? '').join(''),
		janus: deltas.flatMap((delta) => delta.janus ?? []),
		finishes: chunks.flatMap((chunk) => chunk.choices ?? []).map((choice) => choice.finish_reason).filter(Boolean),
		usages: chunks.map((chunk) => chunk.usage).filter(Boolean),
		errors: chunks.map((chunk) => chunk.error).filter(Boolean),
		deltas,
	};
}
