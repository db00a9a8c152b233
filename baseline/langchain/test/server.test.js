// The whole server, over HTTP, with a scripted model and a platform that remembers.
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import process from 'node:process';
import { becomes, readStream, startHouse } from './house.js';
import { OFFLINE } from '../src/model.js';

const ID = 'chat-of-the-test-01';
/** @param {any} body @param {string} code */
function refused(body, code) {
	const { error } = body;
	assert.equal(error.code, code, JSON.stringify(body));
	assert.ok(error.message.length > 0 && error.type.length > 0);
	assert.ok('param' in error);
	assert.equal(error.janus.docs, `/docs/errors#${code}`);
	assert.match(error.janus.request_id, /^[A-Za-z0-9_-]{8,128}$/);
	assert.equal(typeof error.janus.retryable, 'boolean');
}
/** @param {import('./house.js').Read} all what every whole stream is */
function whole(all) {
	assert.equal(all.response.status, 200);
	assert.equal(all.response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
	assert.equal(all.dones, 1);
	assert.equal(all.last, '[DONE]');
	assert.equal(all.ids.size, 1);
	assert.equal(all.finishes.length, 1);
	assert.equal(all.deltas[0].role, 'assistant');
	assert.ok(all.chunks.every((chunk) => chunk.object === 'chat.completion.chunk'));
}

const script = {
	'think first': [{ reasoning: 'Let me see. ', content: 'Yes.' }],
	'sum please': [{ content: 'A moment. ', calls: [['calculator', { expression: '123456789*987654321' }]] }, { content: 'It is {{result}}.' }],
	'both at once': [{ calls: [['search', { query: 'red fox' }], ['fetch', { url: 'https://example.org/' }]] }, { content: 'Seen: {{result}}' }],
	'a file please': [{ calls: [['make_file', { name: '../hello.txt', content: 'hello' }]] }, { content: 'There.' }],
	'run it': [{ calls: [['run_code', { language: 'python', code: 'print(1)' }]] }, { calls: [['run_code', { language: 'bash', code: 'ls' }]] }, { content: '{{result}}' }],
	'no such tool': [{ calls: [['teleport', {}]] }, { content: 'Said: {{result}}' }],
	'bad arguments': [{ calls: [['calculator', 'not json at all']] }, { content: 'Said: {{result}}' }],
	'wrong arguments': [{ calls: [['search', { query: 5 }]] }, { content: 'Said: {{result}}' }],
	'without end': [{ calls: [['calculator', { expression: '1+1' }]] }],
	'very many': [{ calls: Array.from({ length: 18 }, (_, i) => ['calculator', { expression: `${i}+1` }]) }, { content: '{{result}}' }],
	'call mine': [{ calls: [['get_weather', { city: 'Oslo' }], ['get_time', {}]] }],
	'cut short': [{ content: 'It was a', finish: 'length' }],
	'a silence': [{ content: 'one two three', silence: 1500 }],
	'late head': [{ pause: 300, content: 'late' }],
	'long pause': [{ pause: 30_000, content: 'never' }],
	'stops talking': [{ content: 'one two three', silence: 30_000 }],
	'long work': [{ calls: [['run_code', { language: 'bash', code: 'sleep 60' }]] }, { content: 'never' }],
	'status 400': [{ status: 400, body: { error: { message: 'I do not like it.' } } }],
	'status 401': [{ status: 401, body: { error: { message: 'bad key sk-secret' } } }],
	'status 429': [{ status: 429, body: { error: { message: 'slow down' } }, headers: { 'retry-after': '3' }, times: 1, then: { content: 'better' } }],
	'spent': [{ status: 429, body: { error: { message: 'The budget is spent.', code: 'budget_exceeded' } } }],
	'fails after a tool': [{ calls: [['calculator', { expression: '1+1' }]] }, { status: 400, body: { error: { message: 'no more' } } }],
	'error frame': [{ content: 'one two', frame: { message: 'hot', code: 'overheated' } }],
	'cut off': [{ content: 'one two', cut: true }],
	'no finish': [{ content: 'one two', nofinish: true }],
	'no usage': [{ content: 'one', nousage: true }],
};
const usage = { stream_options: { include_usage: true } };
const tools = ['get_weather', 'get_time'].map((name) => ({ type: 'function', function: { name, parameters: { type: 'object', properties: {} } } }));

describe('in a pod', () => {
	/** @type {Awaited<ReturnType<typeof startHouse>>} */
	let house;
	/** @type {(call: import('./house.js').Call) => any} */
	let play = () => {};
	before(async () => {
		house = await startHouse({ script, platform: (call) => play(call), env: { JANUS_KEEP_ALIVE_INTERVAL: '0.1', BASELINE_LANGCHAIN_MAX_STEPS: '4' } });
	});
	after(() => house.close());
	const model = () => house.model.seen;
	const platform = () => /** @type {NonNullable<typeof house.platform>} */ (house.platform);

	test('health', async () => {
		await becomes('the model is known', async () => (await (await fetch(`${house.url}/health`)).json()).model === 'scripted');
		const body = await (await fetch(`${house.url}/health`)).json();
		assert.equal(body.status, 'ok');
		assert.equal(body.answers, 'model');
		assert.equal(body.sandbox_available, true);
		assert.deepEqual(body.features, { chat: true, tools: true, web: true, agent_sandbox: true, artifacts: true });
	});

	test('models', async () => {
		const body = await (await fetch(`${house.url}/v1/models`)).json();
		assert.deepEqual(body, { object: 'list', data: [{ id: 'scripted', object: 'model', created: 0, owned_by: 'upstream' }] });
	});

	test('a whole answer', async () => {
		const response = await house.chat('Hello', {}, { headers: { 'x-request-id': ID } });
		const body = await response.json();
		assert.equal(response.status, 200);
		assert.equal(response.headers.get('content-type'), 'application/json');
		assert.equal(response.headers.get('x-request-id'), ID);
		assert.equal(body.object, 'chat.completion');
		assert.match(body.id, /^chatcmpl-/);
		assert.equal(body.model, 'scripted');
		assert.deepEqual(body.choices, [{ index: 0, message: { role: 'assistant', content: 'You said: Hello' }, finish_reason: 'stop' }]);
		assert.deepEqual(body.usage, { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15, cost_usd: 0.25, sandbox_seconds: 1.5 });
	});

	test('a stream: role, reasoning, content, finish, [DONE], and no usage that nobody asked for', async () => {
		const all = await house.stream('think first');
		whole(all);
		assert.equal(all.reasoning, 'Let me see. ');
		assert.equal(all.content, 'Yes.');
		assert.deepEqual(all.finishes, ['stop']);
		assert.deepEqual(all.usages, []);
		assert.deepEqual(all.janus, []);
	});

	test('reasoning of a whole answer is kept apart', async () => {
		const { choices: [{ message }] } = await (await house.chat('think first')).json();
		assert.equal(message.reasoning_content, 'Let me see. ');
		assert.equal(message.content, 'Yes.');
	});

	test('a tool: its events, its result to the model, usage of both steps', async () => {
		model().length = 0;
		const all = await house.stream('sum please', usage);
		whole(all);
		assert.equal(all.content, 'A moment. It is 121932631112635269.');
		assert.deepEqual(all.janus.map(({ event, payload }) => [event, payload.name]), [['tool_start', 'calculator'], ['tool_end', 'calculator']]);
		assert.deepEqual(all.janus.map(({ payload }) => payload.id), ['call_1', 'call_1']);
		assert.equal(all.janus[0].payload.input, '{"expression":"123456789*987654321"}');
		assert.equal(all.janus[1].payload.ok, true);
		assert.equal(all.janus[1].payload.output, '121932631112635269');
		assert.equal(typeof all.janus[1].payload.duration_ms, 'number');
		assert.match(all.reasoning, /Working out "123456789\*987654321"/);
		assert.equal(all.usages.length, 1);
		assert.deepEqual(all.usages[0], { prompt_tokens: 20, completion_tokens: 10, total_tokens: 30, cost_usd: 0.25, sandbox_seconds: 1.5 });
		assert.deepEqual(all.chunks.at(-1).choices, []);
		assert.equal(model().length, 2);
		const [first, second] = model().map(({ body }) => body);
		assert.deepEqual(first.tools.map((/** @type {any} */ t) => t.function.name).sort(), ['calculator', 'fetch', 'make_file', 'run_code', 'search']);
		assert.equal(first.messages[0].role, 'system');
		assert.equal(first.stream_options.include_usage, true);
		assert.deepEqual(second.messages.slice(-2).map((/** @type {any} */ m) => [m.role, m.tool_call_id ?? m.tool_calls[0].id]), [['assistant', 'call_1'], ['tool', 'call_1']]);
		assert.equal(second.messages.at(-1).content, '121932631112635269');
	});

	test('every call is made in the name of the chat', async () => {
		model().length = 0;
		platform().calls.length = 0;
		await (await house.chat('both at once', {}, { headers: { 'x-request-id': ID } })).text();
		assert.deepEqual(new Set(model().map(({ headers }) => headers['x-request-id'])), new Set([ID]));
		assert.deepEqual(platform().calls.map(({ method, path }) => `${method} ${path.split('?')[0]}`).sort(), ['GET /fetch', 'GET /usage', 'POST /search']);
		assert.deepEqual(new Set(platform().calls.map(({ headers }) => headers['x-request-id'])), new Set([ID]));
		assert.ok(platform().calls.every(({ headers }) => headers.authorization === 'Bearer jns_rt_of_the_test'));
		assert.ok(model().every(({ headers }) => headers.authorization === 'Bearer jns_rt_of_the_test'));
	});

	test('two tools at once, results in their order', async () => {
		model().length = 0;
		const all = await house.stream('both at once');
		whole(all);
		assert.equal(all.content, 'Seen: 1. Foxes\nlocal:/fox.md\nabout red fox | https://example.org/ (status 200, text/html)\nA page\n\nIts words.');
		assert.deepEqual(model()[1].body.messages.slice(-2).map((/** @type {any} */ m) => m.tool_call_id), ['call_1', 'call_2']);
	});

	test('a file: announced, fetched, as described', async () => {
		const all = await house.stream('a file please');
		whole(all);
		const { payload } = all.janus.filter(({ event }) => event === 'artifact')[0];
		assert.equal(payload.display_name, 'hello.txt');
		assert.match(payload.url, /^\/artifacts\/artf_/);
		const response = await fetch(house.url + payload.url);
		const bytes = Buffer.from(await response.arrayBuffer());
		assert.equal(response.status, 200);
		assert.equal(bytes.toString(), 'hello');
		assert.equal(bytes.length, payload.size_bytes);
		assert.equal(createHash('sha256').update(bytes).digest('hex'), payload.sha256);
		assert.equal(response.headers.get('content-type'), 'text/plain');
		assert.match(response.headers.get('content-disposition') ?? '', /^attachment; filename="hello\.txt"/);
		assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
		assert.equal(response.headers.get('content-security-policy'), 'sandbox');
		const head = await fetch(house.url + payload.url, { method: 'HEAD' });
		assert.equal(head.headers.get('content-length'), '5');
		assert.equal(await head.text(), '');
		for (const path of ['/artifacts/artf_none', '/artifacts/', '/artifacts/../package.json', '/artifacts/%2e%2e/x']) {
			const none = await fetch(house.url + path);
			assert.equal(none.status, 404, path);
			refused(await none.json(), 'resource_not_found');
		}
	});

	test('a file of a whole answer stands in its message', async () => {
		const { choices: [{ message }] } = await (await house.chat('a file please')).json();
		assert.equal(message.artifacts.length, 1);
		assert.equal(message.artifacts[0].sha256, createHash('sha256').update('hello').digest('hex'));
	});

	test('a sandbox: made once, used twice, its files announced once, ended', async () => {
		platform().calls.length = 0;
		const boxes = platform().boxes.size;
		play = ({ path }) => {
			if (path.endsWith('/exec')) platform().boxes.get(path.split('/')[3])?.files.set('/workspace/artifacts/plot.png', Buffer.from('\x89PNG', 'latin1'));
		};
		const all = await house.stream('run it', usage);
		play = () => {};
		whole(all);
		assert.deepEqual(all.janus.map(({ event }) => event),
			['tool_start', 'sandbox_start', 'artifact', 'tool_end', 'tool_start', 'tool_end', 'sandbox_end']);
		assert.equal(platform().boxes.size, boxes + 1);
		assert.ok([...platform().boxes.values()].every(({ ended }) => ended));
		const [start, end] = ['sandbox_start', 'sandbox_end'].map((name) => all.janus.find(({ event }) => event === name).payload);
		assert.equal(start.sandbox_id, end.sandbox_id);
		assert.ok(end.seconds >= 0);
		assert.equal(all.janus.find(({ event }) => event === 'artifact').payload.type, 'image');
		assert.equal(all.content, 'Exit code 0.\nstdout:\ndone\n\nThe user was given the file plot.png (4 bytes). | Exit code 0.\nstdout:\ndone\n');
		const writes = platform().calls.filter(({ path }) => path.endsWith('/files/write')).map(({ body }) => body);
		assert.deepEqual(writes, [{ path: '/workspace/main.py', content: 'print(1)' }, { path: '/workspace/main.sh', content: 'ls' }]);
		const paths = platform().calls.map(({ path }) => path.split('/').at(-1));
		assert.ok(paths.lastIndexOf('terminate') < paths.lastIndexOf('usage'), 'what it took is asked for when it has ended');
	});

	test('what a program prints can be told to every model', async () => {
		model().length = 0;
		play = ({ path }) => (path.endsWith('/exec') ? { body: { stdout: `nul \0 half \ud83d owl ${'🦉'.repeat(9000)}`, stderr: '', exitCode: 0 } } : undefined);
		const all = await house.stream('run it');
		play = () => {};
		whole(all);
		const said = model()[1].body.messages.at(-1).content;
		assert.ok(/nul \ufffd half \ufffd owl 🦉+\n\[cut: \d+ more characters\]$/u.test(said), said.slice(0, 60));
		assert.ok(said.length < 11_000, String(said.length));
		const { output } = all.janus.find(({ event }) => event === 'tool_end').payload;
		assert.equal(output.slice(-3), '🦉…');
		assert.ok(output.length <= 4097);
		assert.ok(!/\\u0000|\\ud83d/.test(all.text));
	});

	test('a sandbox that is not to be had at once is asked for again', async () => {
		let times = 0;
		play = ({ path }) => (path === '/api/sandboxes' && ++times <= 2 ? { status: 503, body: {}, headers: { 'retry-after': '0' } } : undefined);
		const all = await house.stream('run it');
		play = () => {};
		assert.equal(times, 3);
		assert.match(all.content, /Exit code 0/);
	});

	test('a sandbox that is refused is told to the model', async () => {
		play = ({ path }) => (path === '/api/sandboxes' ? { status: 429, body: { error: { message: 'No seconds are left.', code: 'budget_exceeded' } } } : undefined);
		const all = await house.stream('run it');
		play = () => {};
		whole(all);
		assert.match(all.content, /Error: No seconds are left\./);
		assert.deepEqual(all.janus.map(({ event }) => event), ['tool_start', 'tool_end', 'tool_start', 'tool_end']);
		assert.ok(all.janus.filter(({ event }) => event === 'tool_end').every(({ payload }) => payload.ok === false && payload.output === 'Error: No seconds are left.'));
	});

	test('a sandbox of the other spelling', async () => {
		play = ({ path, method }) => {
			if (path === '/api/sandboxes') return { body: { sandbox_id: 'other' } };
			if (path.endsWith('/exec')) return { body: { stdout: 'x', exit_code: 3 } };
			if (path.includes('/files/list')) return { body: { files: ['a.txt'] } };
			if (path.includes('/files/read')) return { body: { content: Buffer.from('abc').toString('base64'), encoding: 'base64' } };
			return method === 'POST' ? { body: {} } : undefined;
		};
		const all = await house.stream('run it');
		play = () => {};
		assert.match(all.content, /Exit code 3\.\nstdout:\nx\nThe user was given the file a\.txt \(3 bytes\)/);
	});

	for (const [prompt, said] of [['no such tool', /there is no tool 'teleport'/], ['bad arguments', /Error: /], ['wrong arguments', /did not match expected schema/]]) {
		test(`what cannot be called is told to the model: ${prompt}`, async () => {
			const all = await house.stream(/** @type {string} */ (prompt));
			whole(all);
			assert.match(all.content, /** @type {RegExp} */ (said));
			assert.equal(all.janus.find(({ event }) => event === 'tool_end').payload.ok, false);
		});
	}

	test('a service that fails is told to the model', async () => {
		play = ({ path }) => (path.startsWith('/fetch') ? { status: 403, body: { error: { message: 'Not your domain.', code: 'egress_denied' } } } : undefined);
		const all = await house.stream('both at once');
		play = () => {};
		whole(all);
		assert.match(all.content, /Foxes.* \| Error: Not your domain\./s);
	});

	test('no more than sixteen calls at once, and nobody is warned of listeners', async () => {
		/** @type {Error[]} */
		const warned = [];
		const note = (/** @type {Error} */ warning) => warned.push(warning);
		process.on('warning', note);
		const all = await house.stream('very many');
		process.off('warning', note);
		whole(all);
		assert.equal(all.content, [...Array.from({ length: 16 }, (_, i) => String(i + 1)), ...Array(2).fill('Error: no more than 16 calls are made at once')].join(' | '));
		assert.equal(all.janus.length, 36);
		assert.deepEqual(warned, []);
	});

	test('the last step has no tools', async () => {
		model().length = 0;
		const all = await house.stream('without end', {});
		assert.equal(model().length, 4);
		assert.deepEqual(model().map(({ body }) => (body.tools ?? []).length > 0), [true, true, true, false]);
		assert.equal(all.dones, 1);
	});

	test('tools of the client: offered alone, called by the client, streamed', async () => {
		model().length = 0;
		const all = await house.stream('call mine', { tools, tool_choice: 'auto', parallel_tool_calls: true });
		whole(all);
		assert.deepEqual(all.finishes, ['tool_calls']);
		assert.deepEqual(all.janus, []);
		const calls = all.deltas.flatMap((delta) => delta.tool_calls ?? []);
		assert.deepEqual(calls.filter((call) => call.id).map((call) => [call.index, call.id, call.type, call.function.name]),
			[[0, 'call_1', 'function', 'get_weather'], [1, 'call_2', 'function', 'get_time']]);
		assert.equal(calls.filter(({ index }) => index === 0).map((call) => call.function.arguments).join(''), '{"city":"Oslo"}');
		assert.deepEqual(model()[0].body.tools, tools);
		assert.equal(model()[0].body.tool_choice, 'auto');
		assert.equal(model()[0].body.parallel_tool_calls, true);
		assert.ok(model()[0].body.messages.every((/** @type {any} */ m) => m.role !== 'system'));
	});

	test('tools of the client: a whole answer', async () => {
		const { choices: [{ message, finish_reason }] } = await (await house.chat('call mine', { tools })).json();
		assert.equal(finish_reason, 'tool_calls');
		assert.equal(message.content, null);
		assert.deepEqual(message.tool_calls, [
			{ id: 'call_1', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } },
			{ id: 'call_2', type: 'function', function: { name: 'get_time', arguments: '{}' } },
		]);
	});

	test('results of the client\'s tools go to the model', async () => {
		model().length = 0;
		const messages = [
			{ role: 'user', content: 'What is the weather?' },
			{ role: 'assistant', content: null, tool_calls: [{ id: 'call_9', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }] },
			{ role: 'tool', tool_call_id: 'call_9', content: 'rain' },
		];
		const { choices: [{ message }] } = await (await house.chat('', { messages, tools })).json();
		assert.equal(message.content, 'The tool said: rain');
		const sent = model()[0].body.messages;
		assert.deepEqual(sent.map((/** @type {any} */ m) => m.role), ['user', 'assistant', 'tool']);
		assert.deepEqual(sent[1].tool_calls, messages[1].tool_calls);
		assert.equal(sent[2].tool_call_id, 'call_9');
	});

	test('pictures and settings go to the model as they came', async () => {
		model().length = 0;
		const content = [{ type: 'text', text: 'What is this?' }, { type: 'image_url', image_url: { url: 'data:image/png;base64,AAA=', detail: 'low' } }];
		await (await house.chat(content, { temperature: 0.25, max_tokens: 7, seed: 3, stop: ['END'], response_format: { type: 'json_object' }, x_not_a_field: 1 })).text();
		const [{ body }] = model();
		assert.deepEqual(body.messages.at(-1).content, content);
		assert.equal(body.temperature, 0.25);
		assert.equal(body.seed, 3);
		assert.deepEqual(body.stop, ['END']);
		assert.deepEqual(body.response_format, { type: 'json_object' });
		assert.equal(body.max_tokens, 7);
		assert.equal(body.model, 'scripted');
		assert.ok(!('x_not_a_field' in body));
	});

	test('a finish_reason of the model\'s own', async () => {
		assert.deepEqual((await house.stream('cut short')).finishes, ['length']);
	});

	test('without usage from the model there is none', async () => {
		assert.deepEqual((await house.stream('no usage', usage)).usages, []);
		assert.ok(!('usage' in await (await house.chat('no usage')).json()));
	});

	test('no silence without a comment, before the first word and after', async () => {
		const all = await house.stream('a silence');
		whole(all);
		assert.ok(all.pings >= 2, `${all.pings} pings`);
		assert.equal(all.content, 'one two three');
		const late = await readStream(await house.chat('long pause', { stream: true }, { signal: AbortSignal.timeout(20_000) }).then(async (response) => {
			const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
			let text = '';
			for (let i = 0; i < 4; i++) text += Buffer.from((await reader.read()).value ?? []).toString();
			await reader.cancel();
			return new Response(text, { headers: response.headers });
		}));
		assert.equal(late.deltas[0].role, 'assistant');
		assert.ok(late.pings >= 2, late.text);
	});

	test('an error before the first word is a status', async () => {
		for (const [prompt, status, code] of /** @type {[string, number, string][]} */ ([['status 400', 400, 'bad_request'], ['status 401', 502, 'upstream_bad_response'],
			['spent', 429, 'budget_exceeded']])) {
			for (const stream of [false, true]) {
				const response = await house.chat(prompt, { stream });
				assert.equal(response.status, status, prompt);
				const body = await response.json();
				refused(body, code);
				assert.doesNotMatch(JSON.stringify(body), /sk-secret|jns_rt/);
			}
		}
	});

	test('what may pass is tried again', async () => {
		model().length = 0;
		const { choices: [{ message }] } = await (await house.chat('status 429')).json();
		assert.equal(message.content, 'better');
		assert.equal(model().length, 2);
	});

	for (const [prompt, code] of [['error frame', 'upstream_error_frame'], ['cut off', 'upstream_died'], ['no finish', 'upstream_died']]) {
		test(`an error after the first word is an event, and never a text: ${prompt}`, async () => {
			const all = await house.stream(prompt);
			assert.equal(all.response.status, 200);
			assert.equal(all.errors.length, 1);
			refused({ error: all.errors[0] }, code);
			assert.equal(all.content, 'one two');
			assert.deepEqual(all.finishes, []);
			assert.equal(all.last, '[DONE]');
			assert.equal(all.dones, 1);
			const response = await house.chat(prompt);
			assert.equal(response.status, 502);
			refused(await response.json(), code);
		});
	}

	test('an error after a tool is an event, too', async () => {
		const all = await house.stream('fails after a tool');
		assert.equal(all.errors[0].code, 'bad_request');
		assert.equal(all.content, '');
	});

	test('a client that leaves: the model is told', async () => {
		for (const prompt of ['stops talking', 'long pause']) {
			model().length = 0;
			const control = new AbortController();
			const answer = house.chat(prompt, { stream: true }, { signal: control.signal }).then((response) => response.text());
			await becomes('the model is asked', () => model().length === 1);
			control.abort();
			await assert.rejects(answer);
			await becomes('the model is left', () => model()[0].cancelled);
		}
		await becomes('no chat is counted', () => house.server.metrics.active === 0);
	});

	test('a client that leaves: its sandbox ends, what runs in it is left', async () => {
		platform().calls.length = 0;
		play = ({ path }) => (path.endsWith('/exec') ? { hang: true } : undefined);
		const control = new AbortController();
		const answer = house.chat('long work', { stream: true }, { signal: control.signal }).then((response) => response.text());
		await becomes('the program runs', () => platform().calls.some(({ path }) => path.endsWith('/exec')));
		control.abort();
		await assert.rejects(answer);
		await becomes('the program is left', () => platform().calls.some(({ path, cancelled }) => path.endsWith('/exec') && cancelled));
		await becomes('the sandbox is ended', () => platform().calls.some(({ path }) => path.endsWith('/terminate')));
		play = () => {};
		await becomes('it is logged as that', () => house.lines.some(({ msg, code, status }) => msg === 'request.done' && code === 'client_disconnected' && status === 499));
	});

	test('many at once, each with its own answer', async () => {
		const words = Array.from({ length: 40 }, (_, i) => `word-${i}-`);
		const answers = await Promise.all(words.map(async (word) => (await (await house.chat(word)).json()).choices[0].message.content));
		assert.deepEqual(answers, words.map((word) => `You said: ${word}`));
	});

	for (const [what, init, status, code] of /** @type {[string, RequestInit, number, string][]} */ ([
		['a body that is no JSON', { method: 'POST', body: '{' }, 400, 'invalid_json'], ['no messages', { method: 'POST', body: '{}' }, 400, 'missing_required_parameter'],
		['another method', { method: 'GET' }, 405, 'method_not_allowed'], ['a body that is too large', { method: 'POST', body: 'x'.repeat((10 << 20) + 1) }, 413, 'payload_too_large'],
	])) {
		test(`refused: ${what}`, async () => {
			const response = await fetch(`${house.url}/v1/chat/completions`, init);
			assert.equal(response.status, status);
			refused(await response.json(), code);
		});
	}

	test('refused: another path', async () => {
		const response = await fetch(`${house.url}/v1/embeddings`, { method: 'POST', body: '{}' });
		assert.equal(response.status, 404);
		refused(await response.json(), 'resource_not_found');
	});

	test('refused: what is no HTTP', async () => {
		const socket = connect(Number(new URL(house.url).port), '127.0.0.1');
		let text = '';
		socket.on('data', (bytes) => { text += bytes; });
		socket.write('OWL / HOOT\r\n\r\n');
		await new Promise((go) => { socket.on('close', go); });
		assert.match(text, /^HTTP\/1\.1 400 /);
		refused(JSON.parse(text.split('\r\n\r\n')[1]), 'bad_request');
	});

	test('refused: a head that is too large', async () => {
		const response = await fetch(`${house.url}/health`, { headers: { 'x-large': 'x'.repeat(40 << 10) } });
		assert.equal(response.status, 431);
		refused(await response.json(), 'headers_too_large');
	});

	test('a message of 1 MiB is answered', async () => {
		const { choices: [{ message }] } = await (await house.chat('a'.repeat(1 << 20))).json();
		assert.equal(message.content.length, (1 << 20) + 'You said: '.length);
	});

	test('metrics', async () => {
		const response = await fetch(`${house.url}/metrics`);
		const text = await response.text();
		assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/);
		for (const line of [/^janus_build_info\{version="0\.0\.0-test"\} 1$/m, /^janus_chat_requests_total\{outcome="ok"\} [1-9]/m, /^janus_chat_requests_total\{outcome="failed"\} [1-9]/m,
			/^janus_chat_requests_total\{outcome="cancelled"\} [1-9]/m, /^janus_streams_active 0$/m, /^janus_tool_calls_total\{tool="calculator",outcome="ok"\} [1-9]/m,
			/^janus_tool_calls_total\{tool="unknown",outcome="failed"\} 1$/m, /^janus_chat_ttft_seconds_count [1-9]/m, /^janus_chat_max_gap_seconds_bucket\{le="\+Inf"\} [1-9]/m,
			/^janus_chat_tokens_total\{type="prompt"\} [1-9]/m, /^janus_sandbox_seconds_total [0-9.]+$/m]) assert.match(text, line);
		const names = text.match(/^# TYPE (\S+)/gm) ?? [];
		assert.equal(new Set(names).size, names.length);
	});

	test('a line for each chat, with no prompt and no key in any', () => {
		const done = house.lines.filter(({ msg }) => msg === 'request.done');
		assert.ok(done.length > 30);
		assert.ok(done.every((line) => line.request_id && line.route && typeof line.status === 'number' && typeof line.duration_ms === 'number'));
		const text = JSON.stringify(house.lines);
		assert.doesNotMatch(text, /You said|sum please|jns_rt_of_the_test|sk-secret/);
		assert.ok(house.lines.some(({ msg, request_id }) => msg === 'tool.done' && request_id === ID));
	});
});

describe('limits of time', () => {
	/** @type {Awaited<ReturnType<typeof startHouse>>} */
	let house;
	before(async () => {
		house = await startHouse({ script, env: { BASELINE_LANGCHAIN_REQUEST_TIMEOUT: '3', BASELINE_LANGCHAIN_MAX_RETRIES: '0' } });
	});
	after(() => house.close());

	test('a model that does not begin', async () => {
		const [response, all] = await Promise.all([house.chat('long pause'), house.stream('long pause')]);
		assert.equal(response.status, 504);
		refused(await response.json(), 'upstream_timeout_first_byte');
		assert.equal(all.content, '');
		refused({ error: all.errors[0] }, 'upstream_timeout_first_byte');	// the stream had begun: a second is over
	});

	test('a model that stops in the middle', async () => {
		const all = await house.stream('stops talking');
		assert.match(all.content, /^one/);
		refused({ error: all.errors[0] }, 'upstream_timeout_gap');
	});

	test('a tool that takes longer than the whole answer may', async () => {
		const slow = await startHouse({ script, platform: ({ path }) => (path.endsWith('/exec') ? { hang: true } : undefined), env: { JANUS_REQUEST_TIMEOUT: '2' } });
		try {
			const all = await slow.stream('long work');
			refused({ error: all.errors[0] }, 'upstream_timeout_total');
			await becomes('its sandbox is ended', () => [...(/** @type {NonNullable<typeof slow.platform>} */ (slow.platform)).boxes.values()].every(({ ended }) => ended));
		} finally {
			await slow.close();
		}
	});
});

describe('a client that does not read', () => {
	test('is waited for no longer than an answer may take', async () => {
		const house = await startHouse({ script: { much: [{ content: 'x'.repeat(24 << 20) }] }, env: { JANUS_REQUEST_TIMEOUT: '2' } });
		const socket = connect(Number(new URL(house.url).port), '127.0.0.1');
		try {
			const body = JSON.stringify({ stream: true, messages: [{ role: 'user', content: 'much' }] });
			socket.pause();
			socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
			await becomes('the model is asked', () => house.model.seen.length === 1);
			await becomes('the chat is over', () => house.lines.some(({ msg, code }) => msg === 'request.done' && code === 'upstream_timeout_total'));
			await becomes('the model is left: what is not read is not asked for', () => house.model.seen[0].cancelled);
			await becomes('no chat is counted', () => house.server.metrics.active === 0);
		} finally {
			socket.destroy();
			await house.close();
		}
	});
});

describe('by itself', () => {
	/** @type {Awaited<ReturnType<typeof startHouse>>} */
	let house;
	before(async () => { house = await startHouse({ script, platform: null }); });
	after(() => house.close());

	test('it has the tools that need nobody', async () => {
		const all = await house.stream('sum please', usage);
		whole(all);
		assert.match(all.content, /121932631112635269/);
		assert.deepEqual(house.model.seen[0].body.tools.map((/** @type {any} */ t) => t.function.name), ['calculator', 'make_file']);
		assert.deepEqual(all.usages, [{ prompt_tokens: 20, completion_tokens: 10, total_tokens: 30 }]);
		assert.equal(house.model.seen[0].headers.authorization, 'Bearer sk-of-the-test');
	});
});

describe('offline', () => {
	test('the responder is relayed, and offered no tools of ours', async () => {
		const house = await startHouse({ script, models: [OFFLINE], env: { BASELINE_LANGCHAIN_MODEL: 'gpt-of-before' } });
		try {
			const all = await house.stream('Hello');
			whole(all);
			assert.equal(all.content, 'You said: Hello');
			const [{ body }] = house.model.seen;
			assert.equal(body.model, OFFLINE);
			assert.ok(!('tools' in body));
			assert.deepEqual(body.messages, [{ role: 'user', content: 'Hello' }]);
			assert.equal((await (await fetch(`${house.url}/health`)).json()).answers, 'offline');
			const called = await (await house.chat('call mine', { tools })).json();
			assert.equal(called.choices[0].finish_reason, 'tool_calls');
		} finally {
			await house.close();
		}
	});

	test('a model API that is not there is an error with a status, and comes back', async () => {
		const house = await startHouse({ script, models: [] });
		try {
			const response = await house.chat('Hello');
			assert.equal(response.status, 502);
			refused(await response.json(), 'upstream_connect_failed');
			assert.equal((await (await fetch(`${house.url}/health`)).json()).detail, 'The model API lists no model.');
		} finally {
			await house.close();
		}
	});
});

describe('the end', () => {
	test('drain: what is under way is finished, nothing new is taken', async () => {
		const house = await startHouse({ script });
		const under = house.stream('late head');
		await becomes('the model is asked', () => house.model.seen.length === 1);
		const ended = house.server.drain(60_000);
		await assert.rejects(fetch(`${house.url}/health`));
		const all = await under;
		whole(all);
		assert.equal(all.content, 'late');
		await ended;
		house.model.close();
		house.platform?.close();
	});

	test('drain: what takes too long is told so', async () => {
		const house = await startHouse({ script });
		const under = await house.chat('stops talking', { stream: true });	// its head is here: an error comes as an event
		const [all] = await Promise.all([readStream(under), house.server.drain(100)]);
		refused({ error: all.errors[0] }, 'draining');
		house.model.close();
		house.platform?.close();
	});
});
