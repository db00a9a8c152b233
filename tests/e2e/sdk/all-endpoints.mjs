// A small competitor that offers every endpoint: chat, completions, responses, embeddings.
//
//	node all-endpoints.mjs PORT
//
// Its answers are made from what it was asked: it says the words backwards, and its embeddings are
// words hashed into buckets.  "/fail" in a text breaks a stream in the middle, "/slow" waits 2.5 s, "/stay" a minute,
// before the second word, "/failed" ends a response by its own word.  Each request is a line on
// stdout: {"path":…,"body":…,"headers":…}, and {"gone":true} when its client left early.
import { createServer } from 'node:http';
import { createHash } from 'node:crypto';

const text = (input) => typeof input === 'string' ? input
	: input.map((each) => typeof each === 'string' ? each : each.text ?? text(each.content ?? '')).join(' ');
const backwards = (input) => text(input).split(/\s+/).reverse();
const usage = (input, words) => ({ input: text(input).split(/\s+/).length, output: words.length });

function embedding(input, dimensions = 16) {
	const vector = new Array(dimensions).fill(0);
	for (const word of text(input).toLowerCase().split(/\W+/).filter(Boolean))
		vector[createHash('sha256').update(word).digest().readUInt32BE() % dimensions] += 1;
	const length = Math.hypot(...vector) || 1;
	return vector.map((n) => n / length);
}

const base64 = (vector) => Buffer.from(new Float32Array(vector).buffer).toString('base64');
const pause = (ms) => new Promise((go) => setTimeout(go, ms));

async function* words(all, input) {
	for (const [i, word] of all.entries()) {
		if (i === 1 && text(input).includes('/slow')) await pause(2500);
		if (i === 1 && text(input).includes('/stay')) await pause(60_000);
		if (i === 2 && text(input).includes('/fail')) return;
		yield (i > 0 ? ' ' : '') + word;
	}
}

const endpoints = {
	'/v1/chat/completions': async (ask, out) => {
		const all = backwards(ask.messages.at(-1).content), used = usage(ask.messages.at(-1).content, all);
		const sums = { prompt_tokens: used.input, completion_tokens: used.output, total_tokens: used.input + used.output };
		const head = { id: 'chatcmpl-1', created: 1, model: ask.model };
		if (!ask.stream)
			return out.json({ ...head, object: 'chat.completion', usage: sums, choices: [{ index: 0, finish_reason: 'stop',
				message: { role: 'assistant', content: all.join(' ') } }] });
		const chunk = (delta, finish_reason = null) => out.event(null, { ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] });
		chunk({ role: 'assistant', content: '' });
		for await (const content of words(all, ask.messages.at(-1).content)) chunk({ content });
		chunk({}, 'stop');
		out.event(null, { ...head, object: 'chat.completion.chunk', choices: [], usage: sums });
		out.end('data: [DONE]\n\n');
	},
	'/v1/completions': async (ask, out) => {
		const all = backwards(ask.prompt), used = usage(ask.prompt, all);
		const sums = { prompt_tokens: used.input, completion_tokens: used.output, total_tokens: used.input + used.output };
		const head = { id: 'cmpl-1', object: 'text_completion', created: 1, model: ask.model };
		const choice = (piece, finish_reason) => [{ index: 0, text: piece, logprobs: null, finish_reason }];
		if (!ask.stream) return out.json({ ...head, choices: choice(all.join(' '), 'stop'), usage: sums });
		let said = 0;
		for await (const piece of words(all, ask.prompt)) { out.event(null, { ...head, choices: choice(piece, null) }); said++; }
		if (said < all.length) return out.end('');
		out.event(null, { ...head, choices: choice('', 'stop') });
		if (ask.stream_options?.include_usage) out.event(null, { ...head, choices: [], usage: sums });
		out.end('data: [DONE]\n\n');
	},
	'/v1/embeddings': async (ask, out) => {
		const inputs = Array.isArray(ask.input) ? ask.input : [ask.input];
		const tokens = usage(inputs, []).input;
		out.json({ object: 'list', model: ask.model, usage: { prompt_tokens: tokens, total_tokens: tokens },
			data: inputs.map((each, index) => {
				const vector = embedding(each, ask.dimensions);
				return { object: 'embedding', index, embedding: ask.encoding_format === 'base64' ? base64(vector) : vector };
			}) });
	},
	'/v1/responses': async (ask, out) => {
		const all = backwards(ask.input), used = usage(ask.input, all);
		const item = (status, content) => ({ id: 'msg_1', type: 'message', role: 'assistant', status, content });
		const part = (said) => ({ type: 'output_text', text: said, annotations: [] });
		const response = (status, output, more = {}) => ({ id: 'resp_1', object: 'response', created_at: 1, model: ask.model, status,
			error: null, incomplete_details: null, instructions: null, metadata: {}, output, parallel_tool_calls: true,
			temperature: 1, tool_choice: 'auto', tools: [], top_p: 1, usage: null, ...more });
		const sums = { input_tokens: used.input, input_tokens_details: { cached_tokens: 0 }, output_tokens: used.output,
			output_tokens_details: { reasoning_tokens: 0 }, total_tokens: used.input + used.output };
		const whole = all.join(' ');
		if (!ask.stream) return out.json(response('completed', [item('completed', [part(whole)])], { usage: sums }));
		let number = 0;
		const event = (type, more) => out.event(type, { type, sequence_number: number++, ...more });
		const at = { item_id: 'msg_1', output_index: 0, content_index: 0 };
		event('response.created', { response: response('in_progress', []) });
		event('response.in_progress', { response: response('in_progress', []) });
		if (text(ask.input).includes('/failed')) {
			event('response.failed', { response: response('failed', [], { error: { code: 'server_error', message: 'out of ink' } }) });
			return out.end('');
		}
		event('response.output_item.added', { output_index: 0, item: item('in_progress', []) });
		event('response.content_part.added', { ...at, part: part('') });
		let said = 0;
		for await (const delta of words(all, ask.input)) { event('response.output_text.delta', { ...at, delta, logprobs: [] }); said++; }
		if (said < all.length) return out.end('');
		event('response.output_text.done', { ...at, text: whole, logprobs: [] });
		event('response.content_part.done', { ...at, part: part(whole) });
		event('response.output_item.done', { output_index: 0, item: item('completed', [part(whole)]) });
		event('response.completed', { response: response('completed', [item('completed', [part(whole)])], { usage: sums }) });
		out.end('');
	},
};

createServer((req, res) => {
	let body = '';
	req.on('data', (bytes) => { body += bytes; });
	req.on('end', async () => {
		if (req.url === '/health') {
			res.setHeader('content-type', 'application/json');
			return res.end('{"status":"ok"}');
		}
		console.log(JSON.stringify({ path: req.url, body, headers: req.headers }));
		res.on('close', () => { if (!res.writableFinished) console.log('{"gone":true}'); });
		const out = {
			json: (value) => { res.setHeader('content-type', 'application/json'); res.end(JSON.stringify(value)); },
			event: (name, data) => {
				if (!res.headersSent) res.writeHead(200, { 'content-type': 'text/event-stream' });
				res.write(`${name ? `event: ${name}\n` : ''}data: ${JSON.stringify(data)}\n\n`);
			},
			end: (last) => res.end(last),
		};
		const endpoint = endpoints[req.url];
		res.statusCode = endpoint ? 400 : 404;
		if (!endpoint) return out.json({ error: { message: 'no such endpoint' } });
		try {
			const ask = JSON.parse(body);
			if (!ask.messages?.length && !ask.prompt && !ask.input) throw new Error('nothing was asked');
			res.statusCode = 200;
			await endpoint(ask, out);
		} catch (error) {
			if (res.headersSent) return res.destroy();
			res.statusCode = 400;
			out.json({ error: { message: error.message } });
		}
	});
}).listen(Number(process.argv[2]), '127.0.0.1', () => console.log('{"listening":true}'));
