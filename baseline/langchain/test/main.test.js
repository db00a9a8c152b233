// The program itself: its settings, its signals, its log.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { startFakeModel } from './fake-model.js';
import { becomes } from './house.js';

const main = fileURLToPath(new URL('../src/main.js', import.meta.url));

/** @param {Record<string, string>} env */
function start(env) {
	const child = spawn(process.execPath, [main], { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
	const said = { out: '', err: '' };
	child.stdout.on('data', (bytes) => { said.out += bytes; });
	child.stderr.on('data', (bytes) => { said.err += bytes; });
	/** @type {Promise<number | null>} */
	const code = new Promise((go) => { child.on('close', go); });
	return { child, said, code, lines: () => said.err.split('\n').filter(Boolean).map((line) => JSON.parse(line)) };
}

test('without a model API it says so and ends with 2', async () => {
	const { code, lines } = start({});
	assert.equal(await code, 2);
	assert.equal(lines()[0].msg, 'baseline.config');
	assert.match(lines()[0].error, /BASELINE_LANGCHAIN_OPENAI_API_KEY/);
});

test('it serves, drains on SIGTERM, and every line is JSON', async () => {
	const model = await startFakeModel();
	const { child, said, code, lines } = start({
		BASELINE_LANGCHAIN_OPENAI_BASE_URL: model.url, BASELINE_LANGCHAIN_OPENAI_API_KEY: 'sk-of-the-test', BASELINE_LANGCHAIN_PORT: '0',
	});
	try {
		await becomes('it listens', () => said.err.includes('baseline.start'));
		const { port } = lines().find(({ msg }) => msg === 'baseline.start');
		const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: 'POST', body: JSON.stringify({ messages: [{ role: 'user', content: 'hello there' }] }) });
		assert.equal((await response.json()).choices[0].message.content, 'You said: hello there');
	} finally {
		child.kill('SIGTERM');
	}
	assert.equal(await code, 0);
	model.close();
	assert.deepEqual(lines().map(({ msg }) => msg).filter((msg) => msg !== 'upstream.state'), ['baseline.start', 'request.done', 'baseline.draining', 'baseline.stop']);
	assert.ok(lines().every(({ ts, level, component, pid }) => ts && level && component === 'baseline-langchain' && pid === child.pid));
	assert.equal(said.out, '');
	assert.doesNotMatch(said.err, /sk-of-the-test|hello there/);
});
