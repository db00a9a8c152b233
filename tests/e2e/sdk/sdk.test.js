// The official OpenAI SDK, unmodified, against a running Janus.
//
//	BASE_URL	http://127.0.0.1:8000, with baseline-agent offline
//	FAKE_MODEL	janus/NAME of tests/fake/upstream, FAKE_LOG its output (they show a cancel)
//	CLOSED_URL	a Janus that takes no anonymous callers
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';

const base = process.env.BASE_URL ?? 'http://127.0.0.1:8000';
const model = 'janus/baseline-agent';
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'unused', maxRetries: 0, timeout: 60_000 });
const ask = (content, more = {}, options = {}) =>
	client.chat.completions.create({ model, messages: [{ role: 'user', content }], ...more }, options);

const tools = [{
	type: 'function',
	function: {
		name: 'get_weather', description: 'The weather of a city',
		parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
	},
}];
// One red pixel.
const pixel = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';

// Wait for what an event brings, not for time to pass.
async function becomes(what, ms, condition) {
	for (const end = Date.now() + ms; Date.now() < end; await new Promise((go) => setTimeout(go, 50)))
		if (await condition()) return;
	assert.fail(`not in ${ms} ms: ${what}`);
}

async function metric(name) {
	const text = await (await fetch(`${base}/metrics`)).text();
	return text.split('\n').filter((line) => line.startsWith(name) && !line.startsWith('#'))
		.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

test('models are listed, and one is found by its name', async () => {
	const ids = [];
	for await (const each of client.models.list()) {
		assert.equal(each.object, 'model');
		ids.push(each.id);
	}
	assert.ok(ids.includes('janus'), ids.join());
	assert.ok(ids.includes(model), ids.join());
	assert.equal((await client.models.retrieve('janus')).id, 'janus');
});

test('a whole answer', async () => {
	const { data, response } = await ask('What is 123456789 * 987654321?').withResponse();
	assert.equal(data.object, 'chat.completion');
	assert.equal(data.choices[0].message.role, 'assistant');
	assert.match(data.choices[0].message.content, /121932631112635269/);
	assert.equal(data.choices[0].finish_reason, 'stop');
	assert.ok(data.usage.total_tokens > 0);
	assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
	assert.match(response.headers.get('x-request-id'), /^[A-Za-z0-9_-]{8,128}$/);
	assert.equal(response.headers.get('x-janus-competitor'), 'baseline-agent');
});

test('the default route answers, too', async () => {
	const answer = await ask('hello', { model: 'janus' });
	assert.ok(answer.choices[0].message.content.length > 0);
});

test('a stream: reasoning, then content, in order, with usage when asked for', async () => {
	const stream = await ask('/long 200', { stream: true, stream_options: { include_usage: true } });
	let reasoning = '', content = '', finish = null, usage = null, chunks = 0;
	for await (const chunk of stream) {
		chunks++;
		assert.equal(chunk.object, 'chat.completion.chunk');
		const choice = chunk.choices[0];
		if (choice?.delta.reasoning_content) {
			assert.equal(content, '', 'reasoning comes first');
			reasoning += choice.delta.reasoning_content;
		}
		content += choice?.delta.content ?? '';
		finish = choice?.finish_reason ?? finish;
		if (chunk.usage) usage = chunk.usage;
	}
	assert.match(reasoning, /offline responder/);
	assert.equal(content.trim(), Array.from({ length: 200 }, (_, i) => `word${i + 1}`).join(' '));
	assert.equal(finish, 'stop');
	assert.ok(chunks > 20, `${chunks} chunks`);
	assert.ok(usage.completion_tokens > 0);
});

test('no usage chunk when none was asked for', async () => {
	for await (const chunk of await ask('hello', { stream: true })) {
		assert.ok(!chunk.usage);
		assert.equal(chunk.choices.length, 1);
	}
});

test('a stream arrives as it is made', async () => {
	const stream = await ask('/slow 300ms\n/long 2000', { stream: true });	// minutes: the rest is not made yet
	let seen = 0;
	for await (const chunk of stream) {
		if (!chunk.choices[0]?.delta.content || ++seen < 3) continue;
		await becomes('it is still being made', 20_000, async () => (await metric('janus_streams_active')) >= 1);
		break;
	}
	assert.equal(seen, 3);
});

test('text of every kind comes back as it went', async () => {
	const text = 'Grüße, 世界, 🦉, "quoted", back\\slash, tab\t.';
	const answer = await ask(`/upper ${text}`);
	assert.ok(answer.choices[0].message.content.includes('世界'));
	assert.ok(answer.choices[0].message.content.includes('🦉'));
	assert.ok(answer.choices[0].message.content.includes('BACK\\SLASH'));
});

test('a silence does not end a stream', async () => {
	let content = '';
	for await (const chunk of await ask('/pause 4s\n/upper still here', { stream: true }))
		content += chunk.choices[0]?.delta.content ?? '';
	assert.match(content, /STILL HERE/);
});

test('tool calls, and the answer to their results', async () => {
	const first = await ask('Please call get_weather with city="Oslo"', { tools });
	assert.equal(first.choices[0].finish_reason, 'tool_calls');
	const call = first.choices[0].message.tool_calls[0];
	assert.equal(call.type, 'function');
	assert.equal(call.function.name, 'get_weather');
	assert.equal(JSON.parse(call.function.arguments).city, 'Oslo');
	const second = await client.chat.completions.create({
		model, tools,
		messages: [{ role: 'user', content: 'Please call get_weather with city="Oslo"' }, first.choices[0].message,
			{ role: 'tool', tool_call_id: call.id, content: 'Rain, 7 degrees' }],
	});
	assert.match(second.choices[0].message.content, /Rain, 7 degrees/);
});

test('tool calls, streamed and put together by the SDK', async () => {
	const runner = client.chat.completions.stream({
		model, tools, messages: [{ role: 'user', content: 'Please call get_weather with city="Bergen"' }],
	});
	const answer = await runner.finalChatCompletion();
	assert.equal(answer.choices[0].finish_reason, 'tool_calls');
	assert.equal(JSON.parse(answer.choices[0].message.tool_calls[0].function.arguments).city, 'Bergen');
});

test('the SDK runs tools by itself', async () => {
	const asked = [];
	const runner = client.chat.completions.runTools({
		model,
		messages: [{ role: 'user', content: 'Please call get_weather with city="Turku"' }],
		tools: [{
			type: 'function',
			function: { ...tools[0].function, parse: JSON.parse, function: ({ city }) => { asked.push(city); return `Snow in ${city}`; } },
		}],
	});
	assert.match(await runner.finalContent(), /Snow in Turku/);
	assert.deepEqual(asked, ['Turku']);
});

test('images are passed on', async () => {
	const answer = await ask([
		{ type: 'text', text: 'What is in this picture?' },
		{ type: 'image_url', image_url: { url: pixel } },
	]);
	assert.match(answer.choices[0].message.content, /png/i);
});

test('a large prompt is passed on whole', async () => {
	const words = Array.from({ length: 20_000 }, (_, i) => `w${i}`).join(' ');
	const answer = await ask(`/count ${words}`);
	assert.match(answer.choices[0].message.content, /20000 words/);
});

test('abort: the stream ends and Janus lets go', async () => {
	const stream = await ask('/slow 200ms\n/long 2000', { stream: true });
	let seen = 0;
	await becomes('the stream is counted', 20_000, async () => (await metric('janus_streams_active')) >= 1);
	for await (const chunk of stream) {
		if (chunk.choices[0]?.delta.content && ++seen === 3) stream.controller.abort();
	}
	assert.equal(seen, 3);
	await becomes('no stream is left', 20_000, async () => (await metric('janus_streams_active')) === 0);
});

test('abort before an answer: APIUserAbortError', async () => {
	const controller = new AbortController();
	const answer = ask('/pause 20s', {}, { signal: controller.signal });
	await new Promise((go) => setTimeout(go, 300));
	controller.abort();
	await assert.rejects(answer, OpenAI.APIUserAbortError);
});

test('abort: the upstream notices', async () => {
	assert.ok(process.env.FAKE_LOG, 'run it by tests/scenario/13-openai-sdk.sh, which sets FAKE_LOG');
	const cancels = () => readFileSync(process.env.FAKE_LOG, 'utf8').split('"cancelled":true').length - 1;
	const before = cancels();
	const stream = await ask('fault:chunks=1000 fault:slow=200', { model: process.env.FAKE_MODEL, stream: true });
	let seen = 0;
	for await (const chunk of stream)
		if (chunk.choices[0]?.delta.content && ++seen === 2) stream.controller.abort();
	await becomes('the upstream was told', 20_000, () => cancels() > before);
});

test('a timeout of the client: APIConnectionTimeoutError', async () => {
	await assert.rejects(ask('/pause 20s', {}, { timeout: 500 }), OpenAI.APIConnectionTimeoutError);
});

const failures = [
	['messages of the wrong type', OpenAI.BadRequestError, 400, 'invalid_value', () => client.chat.completions.create({ model, messages: 'hi' })],
	['no messages', OpenAI.BadRequestError, 400, 'missing_required_parameter', () => client.chat.completions.create({ model })],
	['an unknown model', OpenAI.NotFoundError, 404, 'model_not_found', () => ask('hi', { model: 'gpt-none' })],
	['an unknown competitor, streamed', OpenAI.NotFoundError, 404, 'model_not_found', () => ask('hi', { model: 'janus/nobody', stream: true })],
	['an unknown model, asked for', OpenAI.NotFoundError, 404, 'model_not_found', () => client.models.retrieve('gpt-none')],
	['a failing competitor', OpenAI.InternalServerError, null, null, () => ask('/fail 500')],
	['a failing competitor, streamed', OpenAI.InternalServerError, null, null, () => ask('/fail 503', { stream: true })],
	['what is no completion', OpenAI.InternalServerError, 502, 'upstream_bad_response', () => ask('/fail garbage')],
];
for (const [what, type, status, code, call] of failures) {
	test(`${what}: ${type.name}`, async () => {
		await assert.rejects(call(), (error) => {
			assert.ok(error instanceof type, `${error.constructor.name}: ${error.message}`);
			if (status) assert.equal(error.status, status);
			if (code) assert.equal(error.code, code);
			assert.ok(error.type && error.message);
			assert.ok(error.requestID);
			return true;
		});
	});
}

for (const way of ['frame', 'cut']) {
	test(`a failure in the middle of a stream (${way}): APIError`, async () => {
		let content = '';
		await assert.rejects(async () => {
			for await (const chunk of await ask(`/upper begin\n/slow 100ms\n/fail ${way}`, { stream: true }))
				content += chunk.choices[0]?.delta.content ?? '';
		}, (error) => {
			assert.ok(error instanceof OpenAI.APIError, `${error.constructor.name}: ${error.message}`);
			assert.equal(error.code, way === 'cut' ? 'upstream_died' : 'upstream_error_frame');
			return true;
		});
		assert.ok(content.length > 0, 'what came before is kept');
	});
}

test('a caller without a key where one is needed: AuthenticationError', async () => {
	assert.ok(process.env.CLOSED_URL, 'run it by tests/scenario/13-openai-sdk.sh, which sets CLOSED_URL');
	const closed = new OpenAI({ baseURL: `${process.env.CLOSED_URL}/v1`, apiKey: 'unused', maxRetries: 0 });
	await assert.rejects(closed.chat.completions.create({ model, messages: [{ role: 'user', content: 'hi' }] }), OpenAI.AuthenticationError);
	await assert.rejects(closed.models.list(), OpenAI.AuthenticationError);
});

test('a hundred at once, each with its own answer', async () => {
	const answers = await Promise.all(Array.from({ length: 100 }, (_, i) => ask(`What is ${i} * 1000003?`)));
	answers.forEach((answer, i) => assert.match(answer.choices[0].message.content, new RegExp(`\\b${i * 1000003}\\b`)));
});
