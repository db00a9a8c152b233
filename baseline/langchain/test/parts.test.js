// The parts that need no server: settings, errors, requests, files, ids, logs.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { ARTIFACT_MAX, Artifacts, plainName } from '../src/artifacts.js';
import { ConfigError, readConfig } from '../src/config.js';
import { fromModel, WireError, worthRetrying } from '../src/errors.js';
import { completionId, newId, requestId } from '../src/ids.js';
import { Log } from '../src/log.js';
import { parseChat } from '../src/request.js';
import { cut, plain } from '../src/text.js';

const pod = { JANUS_PLATFORM_URL: 'http://127.0.0.1:8600', OPENAI_BASE_URL: 'http://127.0.0.1:8600/v1', OPENAI_API_KEY: 'jns_rt_x' };

test('settings by itself', () => {
	const config = readConfig({ BASELINE_LANGCHAIN_OPENAI_API_KEY: 'sk-x', PORT: '9999', OPENAI_API_KEY: 'not-ours' });
	assert.equal(config.port, 8002);
	assert.equal(config.host, '127.0.0.1');
	assert.equal(config.apiKey, 'sk-x');
	assert.equal(config.baseUrl, 'https://api.openai.com/v1');
	assert.equal(config.platformUrl, null);
	assert.equal(config.sandyUrl, null);
	assert.equal(config.model, null);
	assert.equal(config.inPod, false);
	assert.equal(readConfig({ BASELINE_LANGCHAIN_OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1/', BASELINE_LANGCHAIN_PORT: '9002' }).port, 9002);
	assert.equal(readConfig({ BASELINE_LANGCHAIN_OPENAI_BASE_URL: 'http://127.0.0.1:11434/v1/' }).baseUrl, 'http://127.0.0.1:11434/v1');
});

test('settings in a pod', () => {
	const config = readConfig({ ...pod, PORT: '8080', SANDY_BASE_URL: 'http://127.0.0.1:8600', BASELINE_LANGCHAIN_PORT: '1', BASELINE_LANGCHAIN_MODEL: 'm' });
	assert.equal(config.inPod, true);
	assert.equal(config.host, '0.0.0.0');
	assert.equal(config.port, 8080);
	assert.equal(config.sandyUrl, 'http://127.0.0.1:8600');
	assert.equal(config.model, 'm');
	assert.equal(config.pingMs, 1500);
	assert.equal(config.totalMs, 300_000);
});

for (const [name, env] of /** @type {[string, NodeJS.ProcessEnv][]} */ ([
	['BASELINE_LANGCHAIN_OPENAI_API_KEY', {}], ['BASELINE_LANGCHAIN_PORT', { BASELINE_LANGCHAIN_PORT: '70000', BASELINE_LANGCHAIN_OPENAI_API_KEY: 'x' }],
	['BASELINE_LANGCHAIN_PORT', { BASELINE_LANGCHAIN_PORT: '80.5', BASELINE_LANGCHAIN_OPENAI_API_KEY: 'x' }],
	['OPENAI_BASE_URL', { ...pod, OPENAI_BASE_URL: 'ftp://x' }], ['OPENAI_BASE_URL', { ...pod, OPENAI_BASE_URL: 'nothing' }],
	['API key', { ...pod, OPENAI_API_KEY: 'a\nb' }], ['JANUS_LOG', { ...pod, JANUS_LOG: 'loud' }],
	['JANUS_REQUEST_TIMEOUT', { ...pod, JANUS_REQUEST_TIMEOUT: '-1' }],
])) test(`settings that are wrong are named: ${name}`, () => assert.throws(() => readConfig(env), (/** @type {any} */ error) => {
	assert.ok(error instanceof ConfigError);
	assert.ok(error.message.includes(name), error.message);
	return true;
}));

test('an error is an envelope with all its keys', () => {
	const { error } = new WireError('invalid_value', "'n' must be 1.", { param: 'n' }).envelope('req_12345678');
	assert.deepEqual(error, {
		message: "'n' must be 1.", type: 'invalid_request_error', param: 'n', code: 'invalid_value',
		janus: { request_id: 'req_12345678', retryable: false, fault: 'client', docs: '/docs/errors#invalid_value', details: [] },
	});
	assert.equal(new WireError('no_such_code', 'x').code, 'internal');
});

/** @param {number} status @param {object} [error] @param {Record<string, string>} [headers] */
const refused = (status, error, headers = {}) => Object.assign(new Error('no'), { status, error, headers: new Headers(headers) });
class APIConnectionError extends Error {}
for (const [what, error, code, again] of /** @type {[string, any, string, boolean][]} */ ([
	['a bad request', refused(400, { message: 'too long' }), 'bad_request', false],
	['a key that is refused is not the client\'s fault', refused(401, { message: 'bad key sk-1' }), 'upstream_bad_response', false],
	['no such model', refused(404), 'model_not_found', false],
	['too many requests', refused(429, { message: 'slow down' }, { 'retry-after': '7' }), 'rate_limit_exceeded', true],
	['a budget that is spent', refused(429, { message: 'spent', code: 'budget_exceeded' }), 'budget_exceeded', false],
	['a server error', refused(500, { message: 'inside' }), 'upstream_bad_response', true],
	['the platform without a provider', refused(503, { message: 'none', code: 'no_provider' }), 'no_provider', false],
	['the platform\'s timeout', refused(504, { message: 'late', code: 'upstream_timeout_gap' }), 'upstream_timeout_gap', false],
	['an error frame', Object.assign(new Error('x'), { error: { message: 'hot' } }), 'upstream_error_frame', false],
	['nobody there', new APIConnectionError('x'), 'upstream_connect_failed', true],
	['no answer in time', Object.assign(new Error('x'), { name: 'TimeoutError' }), 'upstream_timeout_first_byte', false],
	['no JSON', new SyntaxError('x'), 'upstream_bad_response', true],
	['a lost connection', new TypeError('terminated'), 'upstream_died', true],
	['our own abort', Object.assign(new Error('x'), { name: 'AbortError' }), 'upstream_died', false],
])) test(`what a model fails with: ${what}`, () => {
	assert.equal(fromModel(error).code, code);
	assert.equal(worthRetrying(error), again);
});

test('what a model fails with: its words are kept, its key is not', () => {
	assert.equal(fromModel(refused(400, { message: 'too long' })).message, 'too long');
	assert.equal(fromModel(refused(429, { message: 'x' }, { 'retry-after': '7' })).retryAfter, '7');
	assert.equal(fromModel(refused(429, { message: 'x' }, { 'retry-after': 'soon' })).retryAfter, null);
	assert.doesNotMatch(fromModel(refused(401, { message: 'bad key sk-1' })).message, /sk-1/);
});

/** @param {object} body */
const parse = (body) => parseChat(JSON.stringify(body));
const hello = [{ role: 'user', content: 'hello' }];

test('a request: what is asked of the model goes on, what is ours does not', () => {
	const chat = parse({ model: 'janus/x', messages: hello, temperature: 0.5, max_tokens: 9, stop: ['x'], x_not_a_field: 1, competitor_id: 'y', metadata: {} });
	assert.deepEqual(chat.params, { temperature: 0.5, max_tokens: 9, stop: ['x'] });
	assert.equal(chat.stream, false);
	assert.equal(chat.includeUsage, false);
	assert.equal(chat.clientTools, false);
	assert.equal(parse({ messages: hello, stream: true, stream_options: { include_usage: true } }).includeUsage, true);
});

test('a request: every kind of message', () => {
	const { messages } = parse({
		messages: [
			{ role: 'system', content: 'be brief' }, { role: 'developer', content: 'be kind' }, { role: 'user', name: 'ann', content: [{ type: 'text', text: 'see', extra: 1 }, { type: 'image_url', image_url: { url: 'data:,' } }] },
			{ role: 'assistant', content: null, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }] },
			{ role: 'tool', tool_call_id: 'c1', content: 'r' }, { role: 'assistant', content: 'so' },
		],
	});
	assert.deepEqual(messages.map((m) => m.getType()), ['system', 'system', 'human', 'ai', 'tool', 'ai']);
	assert.deepEqual(messages[2].content, [{ type: 'text', text: 'see' }, { type: 'image_url', image_url: { url: 'data:,' } }]);
	assert.equal(messages[2].name, 'ann');
	assert.deepEqual(/** @type {any} */ (messages[3]).tool_calls, [{ type: 'tool_call', id: 'c1', name: 'f', args: { a: 1 } }]);
	assert.equal(messages[1].additional_kwargs.__openai_role__, 'developer');
});

for (const [what, body, code, param] of /** @type {[string, any, string, string | null][]} */ ([
	['no JSON', '{"messages":', 'invalid_json', null], ['a list', [], 'invalid_json', null], ['null', 'null', 'invalid_json', null],
	['no messages', {}, 'missing_required_parameter', 'messages'], ['messages that are a text', { messages: 'hi' }, 'invalid_value', 'messages'],
	['an empty list', { messages: [] }, 'invalid_value', 'messages'], ['a message that is none', { messages: [1] }, 'invalid_value', 'messages[0]'],
	['an unknown role', { messages: [{ role: 'owl', content: 'x' }] }, 'invalid_value', 'messages[0].role'],
	['no content', { messages: [{ role: 'user' }] }, 'missing_required_parameter', 'messages[0].content'],
	['content of a wrong type', { messages: [{ role: 'user', content: 5 }] }, 'invalid_value', 'messages[0].content'],
	['an unknown part', { messages: [{ role: 'user', content: [{ type: 'smell' }] }] }, 'invalid_value', 'messages[0].content[0].type'],
	['a text part without text', { messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'invalid_value', 'messages[0].content[0].text'],
	['a result without a call', { messages: [{ role: 'tool', content: 'x' }] }, 'missing_required_parameter', 'messages[0].tool_call_id'],
	['arguments that are no JSON', { messages: [{ role: 'assistant', tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{' } }] }] },
		'invalid_value', 'messages[0].tool_calls[0].function.arguments'],
	['two answers', { messages: hello, n: 2 }, 'unsupported_parameter', 'n'], ['a temperature', { messages: hello, temperature: 3 }, 'invalid_value', 'temperature'],
	['a stream that is a text', { messages: hello, stream: 'yes' }, 'invalid_value', 'stream'],
	['tools that are none', { messages: hello, tools: [{ type: 'owl' }] }, 'invalid_value', 'tools'],
])) test(`a request that is wrong: ${what}`, () => assert.throws(() => (typeof body === 'string' ? parseChat(body) : parse(body)), (/** @type {any} */ error) => {
	assert.ok(error instanceof WireError, String(error));
	assert.equal(error.code, code);
	assert.equal(error.param, param);
	return true;
}));

test('files are kept, described, and forgotten', () => {
	let now = 1_000_000;
	const artifacts = new Artifacts(() => now);
	const bytes = Buffer.from('a,b\n');
	const { id, ...described } = artifacts.add('../x/data.csv', bytes);
	assert.match(id, /^artf_[0-9a-hjkmnp-tv-z]{26}$/);
	assert.deepEqual(described, {
		type: 'dataset', mime_type: 'text/csv', display_name: 'data.csv', size_bytes: 4, sha256: createHash('sha256').update(bytes).digest('hex'),
		created_at: '1970-01-01T00:16:40.000Z', ttl_seconds: 3600, url: `/artifacts/${id}`,
	});
	assert.deepEqual(artifacts.get(id)?.bytes, bytes);
	assert.equal(artifacts.get('artf_nothing'), null);
	assert.equal(artifacts.add('x.png', bytes).type, 'image');
	assert.equal(artifacts.add('x.md', bytes).type, 'file');
	assert.equal(artifacts.add('x', bytes).type, 'binary');
	assert.equal(artifacts.add('x', bytes, 'text/x-owl').mime_type, 'text/x-owl');
	assert.equal(artifacts.add('x.txt', bytes, 'no\r\ntype').mime_type, 'text/plain');
	now += 3600_000;
	assert.equal(artifacts.get(id), null);
	assert.equal(artifacts.bytes, 0);
});

test('files beyond what is kept push out the oldest', () => {
	const artifacts = new Artifacts();
	const large = Buffer.alloc(ARTIFACT_MAX);
	const first = artifacts.add('1', large);
	for (let i = 0; i < 8; i++) artifacts.add('more', large);
	assert.equal(artifacts.get(first.id), null);
	assert.ok(artifacts.bytes <= 64 << 20);
	assert.throws(() => artifacts.add('too large', Buffer.alloc(ARTIFACT_MAX + 1)), RangeError);
});

test('names of files are plain', () => {
	for (const [name, plain] of [['a/b/c.txt', 'c.txt'], ['..\\x.txt', 'x.txt'], ['', 'file'], ['..', 'file'], ['a"b\r\n.txt', 'ab.txt'], ['ü.txt', 'ü.txt']])
		assert.equal(plainName(name), plain);
	assert.equal(plainName('x'.repeat(500)).length, 120);
});

test('texts are cut between characters, and have no halves of them', () => {
	assert.equal(cut('abc', 3), 'abc');
	assert.equal(cut('abcd', 3), 'abc…');
	assert.equal(cut('ab🦉c', 3), 'ab…');
	assert.equal(cut('ab🦉c', 4, '!'), 'ab🦉!');
	assert.equal(plain('a\ud83db\udd89c\0d🦉'), 'a\ufffdb\ufffdc\ufffdd🦉');
});

test('ids sort by time and do not repeat', () => {
	const ids = Array.from({ length: 1000 }, () => newId('artf'));
	assert.equal(new Set(ids).size, 1000);
	assert.deepEqual([...ids].sort(), ids);
	assert.match(completionId(), /^chatcmpl-[0-9a-f]{24}$/);
	assert.equal(requestId('chat-12345678'), 'chat-12345678');
	for (const bad of [undefined, 'short', 'with space in it', 'x'.repeat(129), ['a', 'b']]) assert.match(requestId(bad), /^req_/);
});

test('a log line is JSON with all that each needs', () => {
	/** @type {string[]} */
	const lines = [];
	const log = new Log('info', (line) => lines.push(line));
	log.debug('not.shown');
	log.info('tool.done', { tool: 'x\ny', ok: true, nothing: undefined });
	log.error('large', { text: 'x'.repeat(100_000) });
	assert.equal(lines.length, 2);
	const { ts, pid, ...rest } = JSON.parse(lines[0]);
	assert.match(ts, /^\d{4}-.*\.\d{3}Z$/);
	assert.equal(pid, process.pid);
	assert.deepEqual(rest, { level: 'info', msg: 'tool.done', component: 'baseline-langchain', tool: 'x\ny', ok: true });
	assert.ok(lines[1].length <= 16 * 1024);
	assert.ok(lines.every((line) => line.indexOf('\n') === line.length - 1));
	JSON.parse(lines[1]);
});
