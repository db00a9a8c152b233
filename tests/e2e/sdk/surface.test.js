// The official OpenAI SDK, unmodified, at the endpoints beside chat; and what a browser sees.
//
//	BASE_URL	a Janus that lets pages of APP_ORIGIN call
//	LOG		what all-endpoints.mjs, which is "everything" there, wrote
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';

const { BASE_URL: base, APP_ORIGIN: app, LOG: log } = process.env;
const model = 'janus/everything', chatty = 'janus/chatty';
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'unused', maxRetries: 0, timeout: 60_000 });

const lines = () => readFileSync(log, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
const last = (path) => lines().filter((line) => line.path === path).at(-1);

async function becomes(what, ms, condition) {
	for (const end = Date.now() + ms; Date.now() < end; await new Promise((go) => setTimeout(go, 50)))
		if (await condition()) return;
	assert.fail(`not in ${ms} ms: ${what}`);
}
async function metric(line) {
	const text = await (await fetch(`${base}/metrics`)).text();
	return Number(text.split('\n').find((each) => each.startsWith(`${line} `))?.split(' ').at(-1) ?? 0);
}
// A chat is counted a moment after its last byte: not before none is left.
async function settled() {
	await becomes('all is settled', 30_000, async () => (await metric('janus_http_requests_in_flight{surface="gateway"}')) === 0);
}
const tokens = async (type) => {
	await settled();
	return metric(`janus_chat_tokens_total{competitor="everything",type="${type}"}`);
};

test('embeddings: numbers, and the same words the same', async () => {
	const before = await tokens('prompt');
	const { data, response } = await client.embeddings.create({ model, input: ['a red owl', 'owl red a', 'green frogs'], encoding_format: 'float' }).withResponse();
	assert.equal(data.object, 'list');
	assert.equal(data.data.length, 3);
	const dot = (a, b) => a.reduce((sum, n, i) => sum + n * b[i], 0);
	const [one, two, three] = data.data.map((each) => each.embedding);
	assert.ok(dot(one, two) > 0.999);
	assert.ok(dot(one, three) < 0.9);
	assert.equal(response.headers.get('x-janus-competitor'), 'everything');
	assert.equal(await tokens('prompt') - before, 8);
});

test('embeddings: in base64, which the SDK asks for by itself', async () => {
	const answer = await client.embeddings.create({ model, input: 'a red owl', dimensions: 4 });
	assert.equal(answer.data[0].embedding.length, 4);
	assert.match(last('/v1/embeddings').body, /"encoding_format":"base64"/);
});

test('a completion', async () => {
	const answer = await client.completions.create({ model, prompt: 'one two three' });
	assert.equal(answer.object, 'text_completion');
	assert.equal(answer.choices[0].text, 'three two one');
	assert.equal(answer.usage.total_tokens, 6);
});

for (const wanted of [false, true]) {
	test(`a completion's stream, ${wanted ? 'with' : 'without'} usage`, async () => {
		let said = '', finish = null, usage = null;
		const before = await tokens('completion');
		for await (const chunk of await client.completions.create({ model, prompt: 'one two three', stream: true, ...(wanted && { stream_options: { include_usage: true } }) })) {
			said += chunk.choices[0]?.text ?? '';
			finish = chunk.choices[0]?.finish_reason ?? finish;
			usage = chunk.usage ?? usage;
		}
		assert.equal(said, 'three two one');
		assert.equal(finish, 'stop');
		assert.equal(usage?.completion_tokens, wanted ? 3 : undefined);
		assert.equal(await tokens('completion') - before, 3);
	});
}

test('a response', async () => {
	const before = await tokens('completion');
	const answer = await client.responses.create({ model, input: [{ role: 'user', content: 'one two three' }] });
	assert.equal(answer.status, 'completed');
	assert.equal(answer.output_text, 'three two one');
	assert.equal(answer.usage.output_tokens, 3);
	assert.equal(await tokens('completion') - before, 3);
});

test('a response\'s stream: every event, in order, byte for byte its own', async () => {
	const before = await tokens('completion');
	const types = [];
	let said = '', number = 0;
	for await (const event of await client.responses.create({ model, input: 'one two three', stream: true })) {
		assert.equal(event.sequence_number, number++);
		types.push(event.type);
		if (event.type === 'response.output_text.delta') said += event.delta;
	}
	assert.equal(said, 'three two one');
	assert.equal(types[0], 'response.created');
	assert.equal(types.at(-1), 'response.completed');
	assert.equal(await tokens('completion') - before, 3);
	assert.doesNotMatch(last('/v1/responses').body, /stream_options/);
});

test('a response, put together by the SDK', async () => {
	const answer = await client.responses.stream({ model, input: 'one two three' }).finalResponse();
	assert.equal(answer.output_text, 'three two one');
});

test('a silence in a response is filled, and does not end it', async () => {
	const answer = await fetch(`${base}/v1/responses`, { method: 'POST', headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ model, input: 'one /slow', stream: true }) });
	const text = await answer.text();
	assert.match(text, /\n\n: ping\n\n/);
	assert.match(text, /event: response\.completed\n/);
	assert.doesNotMatch(text, /\[DONE\]/);
});

test('a response that breaks off: APIError', async () => {
	await assert.rejects(async () => {
		for await (const event of await client.responses.create({ model, input: '/fail one two three', stream: true })) void event;
	}, (error) => {
		assert.ok(error instanceof OpenAI.APIError, `${error.constructor.name}: ${error.message}`);
		assert.equal(error.code, 'upstream_died');
		return true;
	});
});

test('a response that fails by its own word is passed on, and counted as failed', async () => {
	const failed = 'janus_chat_requests_total{competitor="everything",outcome="upstream_error_frame",stream="true"}';
	await settled();
	const before = await metric(failed);
	const events = [];
	for await (const event of await client.responses.create({ model, input: '/failed', stream: true })) events.push(event);
	assert.equal(events.at(-1).type, 'response.failed');
	assert.equal(events.at(-1).response.error.message, 'out of ink');
	await settled();
	assert.equal(await metric(failed) - before, 1);
});

test('abort: the upstream notices', async () => {
	const gone = () => lines().filter((line) => line.gone).length;
	const before = gone();
	const stream = await client.responses.create({ model, input: 'one two three /stay', stream: true });
	for await (const event of stream) if (event.type === 'response.output_text.delta') break;
	await becomes('the upstream was told', 10_000, () => gone() > before);
});

test('bodies go on untouched but for what is ours', async () => {
	const body = '{ "input" : "caf\\u00e9 1e2", "competitor_id":"everything",\n "future":[1.0,2e3],"model":"gpt-x" }';
	const answer = await fetch(`${base}/v1/embeddings`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
	assert.equal(answer.status, 200);
	assert.equal(last('/v1/embeddings').body, '{ "input" : "caf\\u00e9 1e2",\n "future":[1.0,2e3],"model":"gpt-x" }');
});

const failures = [
	['embeddings of one that only chats', OpenAI.NotFoundError, 'unsupported_endpoint', null, () => client.embeddings.create({ model: chatty, input: 'x' })],
	['a completion of one that only chats', OpenAI.NotFoundError, 'unsupported_endpoint', null, () => client.completions.create({ model: chatty, prompt: 'x' })],
	['a response of one that only chats, streamed', OpenAI.NotFoundError, 'unsupported_endpoint', null, () => client.responses.create({ model: chatty, input: 'x', stream: true })],
	['embeddings of nobody', OpenAI.NotFoundError, 'model_not_found', null, () => client.embeddings.create({ model: 'janus/nobody', input: 'x' })],
	['no input', OpenAI.BadRequestError, 'missing_required_parameter', 'input', () => client.embeddings.create({ model })],
	['an input of the wrong type', OpenAI.BadRequestError, 'invalid_value', 'input[1]', () => client.embeddings.create({ model, input: ['a', 1] })],
	['no prompt', OpenAI.BadRequestError, 'missing_required_parameter', 'prompt', () => client.completions.create({ model })],
	['an input of numbers for a response', OpenAI.BadRequestError, 'invalid_value', 'input[0]', () => client.responses.create({ model, input: [1] })],
];
for (const [what, type, code, param, call] of failures) {
	test(`${what}: ${type.name}`, async () => {
		await assert.rejects(call(), (error) => {
			assert.ok(error instanceof type, `${error.constructor.name}: ${error.message}`);
			assert.equal(error.code, code);
			assert.equal(error.param, param);
			assert.ok(error.requestID);
			return true;
		});
	});
}

test('models say what they offer', async () => {
	const all = (await client.models.list()).data;
	const of = (id) => all.find((each) => each.id === id).janus;
	assert.deepEqual(of(model).capabilities, ['chat', 'completions', 'responses', 'embeddings']);
	assert.deepEqual(of(chatty).capabilities, ['chat']);
	assert.equal(of('janus').score, null);
	assert.equal((await client.models.retrieve(model)).janus.state, 'ready');
});

test('the default route finds one that offers it', async () => {
	const { response } = await client.embeddings.create({ model: 'janus', input: 'x' }).withResponse();
	assert.equal(response.headers.get('x-janus-competitor'), 'everything');
});

test('a browser\'s preflight, and the call after it', async () => {
	const answer = await fetch(`${base}/v1/chat/completions`, { method: 'OPTIONS', headers: { origin: app,
		'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type,x-stainless-lang' } });
	assert.equal(answer.status, 204);
	assert.equal(answer.headers.get('access-control-allow-origin'), app);
	assert.match(answer.headers.get('access-control-allow-methods'), /POST/);
	assert.equal(answer.headers.get('access-control-allow-headers'), 'authorization,content-type,x-stainless-lang');
	assert.match(answer.headers.get('vary'), /origin/i);
	const browser = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'unused', maxRetries: 0, defaultHeaders: { origin: app } });
	const { data: stream, response } = await browser.chat.completions.create({ model, stream: true,
		messages: [{ role: 'user', content: 'one two' }] }).withResponse();
	let said = '';
	for await (const chunk of stream) said += chunk.choices[0]?.delta.content ?? '';
	assert.equal(said, 'two one');
	assert.equal(response.headers.get('access-control-allow-origin'), app);
	for (const name of ['x-request-id', 'x-janus-competitor', 'x-ratelimit-remaining-requests', 'retry-after'])
		assert.ok(response.headers.get('access-control-expose-headers').split(', ').includes(name), name);
});

test('a page of another origin is told nothing, and may not chat', async () => {	// A24
	const origin = 'https://evil.example';
	const preflight = await fetch(`${base}/v1/chat/completions`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });
	assert.equal(preflight.headers.get('access-control-allow-origin'), null);
	const post = await fetch(`${base}/v1/chat/completions`, { method: 'POST', headers: { origin, 'content-type': 'application/json' },
		body: JSON.stringify({ model, messages: [{ role: 'user', content: 'x' }] }) });
	assert.equal(post.status, 403);
	assert.equal(post.headers.get('access-control-allow-origin'), null);
});

test('HEAD and OPTIONS, and 405 with what is allowed', async () => {
	const is = async (method, path, status, allow) => {
		const answer = await fetch(base + path, { method });
		assert.equal(answer.status, status, `${method} ${path}`);
		assert.equal(answer.headers.get('allow'), allow, `${method} ${path}`);
		if (method === 'HEAD') assert.equal(await answer.text(), '');
	};
	await is('HEAD', '/v1/models', 200, null);
	await is('HEAD', `/v1/models/${model}`, 200, null);
	await is('HEAD', '/api/v1/competitors', 200, null);
	await is('HEAD', '/api/v1/status', 200, null);
	await is('OPTIONS', '/v1/responses', 204, 'POST, OPTIONS');
	await is('OPTIONS', '/api/v1/competitors', 204, 'GET, HEAD, OPTIONS');
	await is('OPTIONS', '/api/v1/keys/x', 204, 'GET, HEAD, PATCH, DELETE, OPTIONS');
	await is('OPTIONS', '/api/v1/nothing', 404, null);
	await is('PUT', '/v1/embeddings', 405, 'POST, OPTIONS');
	await is('PUT', '/api/v1/submissions', 405, 'POST, GET, HEAD, OPTIONS');
});

test('tracestate goes with a valid traceparent, and only then', async () => {
	const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
	await client.embeddings.create({ model, input: 'x' }, { headers: { traceparent, tracestate: 'a=1,b@c=2' } });
	assert.equal(last('/v1/embeddings').headers.tracestate, 'a=1,b@c=2');
	await client.embeddings.create({ model, input: 'x' }, { headers: { traceparent: 'nonsense', tracestate: 'a=1' } });
	assert.equal(last('/v1/embeddings').headers.tracestate, undefined);
	await client.embeddings.create({ model, input: 'x' }, { headers: { traceparent, tracestate: `a=${'x'.repeat(600)}` } });
	assert.equal(last('/v1/embeddings').headers.tracestate, undefined);
});

test('each call is known by its id', async () => {
	const { response } = await client.embeddings.create({ model, input: 'x' }).withResponse();
	const id = response.headers.get('x-request-id');
	await becomes('it is there with its route', 30_000, async () => {
		const answer = await fetch(`${base}/api/v1/requests/${id}`);
		return answer.status === 200 && (await answer.json()).route === '/v1/embeddings';
	});
});
