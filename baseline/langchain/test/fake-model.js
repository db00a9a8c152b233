#!/usr/bin/env node
// fake-model.js - an OpenAI-compatible model that follows a script.
//
//	fake-model.js --port N --script FILE	(prints a JSON line a request; 0: any port, told in the first line)
//
// A script is an object: what a user's last message has to hold, and the turns that it gets. The turn
// is the one after as many as there are answers with tool calls since that message, so the fake has no
// state. Without a script's word it says back what it was told. A turn:
//
//	reasoning, content	texts, streamed word by word; {{result}} is what the tools said
//	calls			[[name, arguments]]: tool calls, their arguments in pieces; a string goes as it is
//	pause, silence		ms before the head; ms in the middle of the words
//	status, body, headers	that answer, and no stream
//	frame			an error object in the middle of the stream
//	cut, nofinish		the connection is lost; the stream ends without a finish_reason
//	finish			the finish_reason, else stop or tool_calls
//	nousage			no usage, though asked
//	times			how often an answer with "status" is given, before what comes next in "then"
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';

/** @typedef {Record<string, any>} Turn */
/** @typedef {Record<string, Turn[]>} Script */
/** @typedef {{path: string, headers: import('node:http').IncomingHttpHeaders, body: any, cancelled: boolean}} Seen */

/** @param {number} ms */
const pause = (ms) => new Promise((go) => { setTimeout(go, ms).unref(); });

/** @param {any} content */
const textOf = (content) => (typeof content === 'string' ? content : (content ?? []).map((/** @type {any} */ part) => part.text ?? '').join(' '));

/** @param {Script} script @param {any} body @returns {Turn} */
function turnOf(script, body) {
	const messages = body.messages ?? [];
	const last = messages.findLastIndex((/** @type {any} */ m) => m.role === 'user');
	const asked = textOf(messages[last]?.content);
	const since = messages.slice(last + 1);
	const key = Object.keys(script).find((word) => asked.includes(word));
	const results = since.filter((/** @type {any} */ m) => m.role === 'tool').map((/** @type {any} */ m) => textOf(m.content)).join(' | ');
	if (key === undefined) return { content: results !== '' ? `The tool said: ${results}` : `You said: ${asked}` };
	const turns = script[key];
	const turn = turns[Math.min(since.filter((/** @type {any} */ m) => m.tool_calls?.length > 0).length, turns.length - 1)];
	return { ...turn, ...(turn.content !== undefined && { content: turn.content.replace('{{result}}', results) }) };
}

/** @param {string} text */
const words = (text) => text.match(/\S{1,4096}\s*|\s+/g) ?? [];

/** @param {Turn} turn @param {boolean} usage @returns {Generator<any>} the data of its events */
function* events(turn, usage) {
	/** @param {object} delta @param {string | null} [finish_reason] */
	const chunk = (delta, finish_reason = null) => ({
		id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: 1, model: 'scripted', choices: [{ index: 0, delta, finish_reason }],
	});
	yield chunk({ role: 'assistant', content: '' });
	for (const word of words(turn.reasoning ?? '')) yield chunk({ reasoning_content: word });
	const content = words(turn.content ?? '');
	for (const [i, word] of content.entries()) {
		if (i === content.length >> 1 && turn.silence !== undefined) yield { silence: turn.silence };
		yield chunk({ content: word });
	}
	for (const [index, [name, args]] of (turn.calls ?? []).entries()) {
		const text = typeof args === 'string' ? args : JSON.stringify(args);
		yield chunk({ tool_calls: [{ index, id: `call_${index + 1}`, type: 'function', function: { name, arguments: '' } }] });
		for (let at = 0; at < text.length; at += 40)
			yield chunk({ tool_calls: [{ index, function: { arguments: text.slice(at, at + 40) } }] });
	}
	if (turn.frame !== undefined) yield { error: turn.frame };
	if (turn.cut) yield { cut: true };
	if (!turn.nofinish) yield chunk({}, turn.finish ?? (turn.calls ? 'tool_calls' : 'stop'));
	if (usage && !turn.nousage)
		yield { ...chunk({}), choices: [], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } };
}

/**
 * @param {{script?: Script, models?: string[], port?: number, log?: (line: object) => void}} [how]
 */
export async function startFakeModel({ script = {}, models = ['scripted'], port = 0, log = () => {} } = {}) {
	/** @type {Seen[]} */
	const seen = [];
	/** @type {Map<string, number>} how often a failing turn was played */
	const played = new Map();

	const http = createServer(async (req, res) => {
		const parts = [];
		for await (const part of req) parts.push(part);
		const raw = Buffer.concat(parts).toString();
		const path = (req.url ?? '').split('?')[0];
		/** @param {number} status @param {unknown} body @param {Record<string, string>} [headers] */
		const reply = (status, body, headers = {}) => {
			const text = typeof body === 'string' ? body : JSON.stringify(body);
			res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
		};
		if (path.endsWith('/models'))
			return void reply(200, { object: 'list', data: models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'fake' })) });

		const body = JSON.parse(raw);
		const one = { path, headers: req.headers, body, cancelled: false };
		seen.push(one);
		log({ event: 'request', path, id: req.headers['x-request-id'], tools: (body.tools ?? []).map((/** @type {any} */ t) => t.function.name) });
		res.on('close', () => {
			one.cancelled = !res.writableFinished;
			if (one.cancelled) log({ event: 'cancelled', id: req.headers['x-request-id'] });
		});
		let turn = turnOf(script, body);
		if (turn.times !== undefined) {
			const key = JSON.stringify(turn);
			const before = played.get(key) ?? 0;
			played.set(key, before + 1);
			if (before >= turn.times) turn = turn.then;
		}
		if (turn.pause !== undefined) await pause(turn.pause);
		if (res.destroyed) return;
		if (turn.status !== undefined) return void reply(turn.status, turn.body ?? { error: { message: `status ${turn.status}` } }, turn.headers);
		if (!body.stream) {
			const calls = (turn.calls ?? []).map((/** @type {any} */ [name, args], /** @type {number} */ i) =>
				({ id: `call_${i + 1}`, type: 'function', function: { name, arguments: JSON.stringify(args) } }));
			return void reply(200, {
				id: 'chatcmpl-fake', object: 'chat.completion', created: 1, model: 'scripted',
				choices: [{ index: 0, message: { role: 'assistant', content: turn.content ?? null, ...(calls.length && { tool_calls: calls }) }, finish_reason: 'stop' }],
				usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
			});
		}
		res.writeHead(200, { 'content-type': 'text/event-stream' });
		for (const event of events(turn, body.stream_options?.include_usage === true)) {
			if (res.destroyed) return;
			if (event.silence !== undefined) await pause(event.silence);
			else if (event.cut) return void res.destroy();
			else res.write(`data: ${JSON.stringify(event)}\n\n`);
			await pause(0);
		}
		res.end('data: [DONE]\n\n');
	});
	await new Promise((go) => { http.listen(port, '127.0.0.1', () => go(null)); });
	const address = /** @type {import('node:net').AddressInfo} */ (http.address());
	return {
		url: `http://127.0.0.1:${address.port}/v1`,
		port: address.port,
		seen,
		close: () => { http.close(); http.closeAllConnections(); },
	};
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
	const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, script: { type: 'string' } } });
	const script = values.script === undefined ? {} : JSON.parse(readFileSync(values.script, 'utf8'));
	const say = (/** @type {object} */ line) => process.stdout.write(`${JSON.stringify(line)}\n`);
	const fake = await startFakeModel({ script, port: Number(values.port), log: say });
	say({ event: 'listens', port: fake.port });
}
