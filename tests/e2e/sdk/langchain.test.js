// The second baseline behind a running Janus, asked by the official OpenAI SDK; its model follows a script.
//
//	BASE_URL	http://127.0.0.1:8000, with baseline-langchain
//	MODEL_LOG	what its model was asked, a JSON line each
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';

const base = process.env.BASE_URL ?? 'http://127.0.0.1:8000';
const model = 'janus/baseline-langchain';
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'unused', maxRetries: 0, timeout: 60_000 });
const ask = (content, more = {}, options = {}) =>
	client.chat.completions.create({ model, messages: [{ role: 'user', content }], ...more }, options);
const asked = () => readFileSync(process.env.MODEL_LOG, 'utf8').trim().split('\n').map((line) => JSON.parse(line));

async function becomes(what, ms, condition) {
	for (const end = Date.now() + ms; Date.now() < end; await new Promise((go) => setTimeout(go, 50)))
		if (await condition()) return;
	assert.fail(`not in ${ms} ms: ${what}`);
}

async function collect(stream) {
	const all = { content: '', reasoning: '', events: [], finish: null, usage: null };
	for await (const chunk of stream) {
		const choice = chunk.choices[0];
		all.content += choice?.delta.content ?? '';
		all.reasoning += choice?.delta.reasoning_content ?? '';
		if (choice?.delta.janus) all.events.push(choice.delta.janus);
		all.finish = choice?.finish_reason ?? all.finish;
		all.usage = chunk.usage ?? all.usage;
	}
	return all;
}

test('it says what it can do', async () => {
	const listed = await client.models.retrieve(model);
	for (const word of ['tools', 'vision', 'artifacts']) assert.ok(listed.janus.capabilities.includes(word), JSON.stringify(listed));
});

test('a plain answer, streamed', async () => {
	const all = await collect(await ask('Good morning', { stream: true, stream_options: { include_usage: true } }));
	assert.equal(all.content, 'You said: Good morning');
	assert.equal(all.finish, 'stop');
	assert.equal(all.usage.total_tokens, 15);
	assert.deepEqual(all.events, []);
});

test('a program runs in a real sandbox, and its file is announced', async () => {
	const all = await collect(await ask('Square them in a sandbox.', { stream: true, stream_options: { include_usage: true } }));
	assert.deepEqual(all.events.map(({ event }) => event), ['tool_start', 'sandbox_start', 'artifact', 'tool_end', 'sandbox_end']);
	assert.match(all.reasoning, /It has to be run\. Running python in a sandbox/);
	assert.match(all.content, /Exit code 0\.\nstdout:\nsum 14/);
	assert.equal(all.finish, 'stop');
	assert.ok(all.usage.sandbox_seconds > 0 && all.usage.cost_usd > 0, JSON.stringify(all.usage));
	const file = all.events.find(({ event }) => event === 'artifact').payload;
	const bytes = '0,0\r\n1,1\r\n2,4\r\n3,9\r\n';
	assert.equal(file.size_bytes, bytes.length);
	assert.equal(file.sha256, createHash('sha256').update(bytes).digest('hex'));
	assert.equal(file.mime_type, 'text/csv');
	if (file.url.startsWith('/v1/')) assert.equal(await (await fetch(new URL(file.url, base))).text(), bytes);
	else assert.match(file.url, /^\/artifacts\/artf_/);
});

test('search and pages come from the platform, and what it denies is told to the model', async () => {
	const all = await collect(await ask('Look for a page', { stream: true }));
	assert.match(all.content, /The red fox\nlocal:\/fox\.md/);
	assert.match(all.content, /Error: /);
	const ends = all.events.filter(({ event }) => event === 'tool_end').map(({ payload }) => [payload.name, payload.ok]);
	assert.deepEqual(ends.sort(), [['fetch', false], ['search', true]]);
});

test('tools of the client are called by the client', async () => {
	const tools = [{ type: 'function', function: { name: 'get_weather', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }];
	const messages = [{ role: 'user', content: 'Please call get_weather' }];
	const first = await client.chat.completions.stream({ model, messages, tools }).finalChatCompletion();
	assert.equal(first.choices[0].finish_reason, 'tool_calls');
	assert.equal(first.choices[0].message.tool_calls[0].function.name, 'get_weather');
	assert.equal(JSON.parse(first.choices[0].message.tool_calls[0].function.arguments).city, 'Oslo');
	assert.deepEqual(asked().filter((line) => line.event === 'request').at(-1).tools, ['get_weather']);
});

test('an error of the model is an error, before and after the first word', async () => {
	await assert.rejects(ask('a broken model', { stream: true }), (error) => {
		assert.ok(error instanceof OpenAI.BadRequestError, `${error.constructor.name}: ${error.message}`);
		assert.ok(error.requestID);
		return true;
	});
	let content = '';
	await assert.rejects(async () => {
		for await (const chunk of await ask('break off', { stream: true })) content += chunk.choices[0]?.delta.content ?? '';
	}, (error) => {
		assert.ok(error instanceof OpenAI.APIError, `${error.constructor.name}: ${error.message}`);
		assert.equal(error.code, 'upstream_error_frame');
		return true;
	});
	assert.match(content, /^one two/);
	assert.doesNotMatch(content, /overheated/);
});

test('a client that leaves ends the work', async () => {
	const stream = await ask('Work for a long time', { stream: true });
	for await (const chunk of stream)
		if (chunk.choices[0]?.delta.janus?.event === 'sandbox_start') break;
	stream.controller.abort();
	await becomes('no stream is left', 60_000, async () => {
		const metrics = await (await fetch(`${base}/metrics`)).text();
		return !/^janus_streams_active\S* [1-9]/m.test(metrics);
	});
});
