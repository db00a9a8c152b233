// tools.js - what the agent can do besides talking; made anew for each chat.
import { tool } from '@langchain/core/tools';
import { z } from 'zod';
import { calculate } from './arithmetic.js';
import { ARTIFACT_MAX } from './artifacts.js';
import { cut } from './text.js';

/** @typedef {import('@langchain/core/tools').StructuredToolInterface} Tool */
/**
 * @typedef {object} Means
 * @property {import('./service.js').Service | null} platform search and pages; null: there are none
 * @property {import('./sandbox.js').Sandbox | null} sandbox null: there is none
 * @property {import('./artifacts.js').Artifacts} artifacts
 * @property {import('./answer.js').Answer} answer where reasoning and events go
 */

const SHOWN_MAX = 20_000;	// characters of a result that the model reads

/** @param {string} text @param {number} [most] */
const part = (text, most = SHOWN_MAX) => cut(text, most, `\n[cut: ${text.length - most} more characters]`);
/** @param {string} text one line of it, for people */
const line = (text) => JSON.stringify(cut(text, 120));

/** @param {Means} means @returns {Tool} */
const search = ({ platform, answer }) => tool(async ({ query, num_results }) => {
	await answer.reasoning(`Searching for ${line(query)}.\n`);
	const { results } = await /** @type {NonNullable<Means['platform']>} */ (platform).json('/search', { body: { query, num_results } });
	if (!Array.isArray(results) || results.length === 0) return 'Nothing was found.';
	return part(results.map((r, i) => `${i + 1}. ${r.title}\n${r.url}\n${r.snippet}`).join('\n\n'));
}, {
	name: 'search',
	description: 'Search for pages or documents. Gives titles, addresses and short excerpts.',
	schema: z.object({ query: z.string().min(1).max(400), num_results: z.number().int().min(1).max(20).default(5) }),
	verboseParsingErrors: true,
});

/** @param {Means} means @returns {Tool} */
const fetchPage = ({ platform, answer }) => tool(async ({ url }) => {
	await answer.reasoning(`Reading ${line(url)}.\n`);
	const page = await /** @type {NonNullable<Means['platform']>} */ (platform).json(`/fetch?url=${encodeURIComponent(url)}`);
	const head = `${page.url} (status ${page.status}, ${page.content_type})${page.title ? `\n${page.title}` : ''}`;
	return `${head}\n\n${page.text === null ? '[not text]' : part(String(page.text))}`;
}, {
	name: 'fetch',
	description: 'Read a web page as text.',
	schema: z.object({ url: z.string().url().max(2000) }),
	verboseParsingErrors: true,
});

/** @param {Means} means @returns {Tool} */
const calculator = ({ answer }) => tool(async ({ expression }) => {
	await answer.reasoning(`Working out ${line(expression)}.\n`);
	return calculate(expression);
}, {
	name: 'calculator',
	description: 'Work out an arithmetic expression exactly: + - * / % ^, parentheses, sqrt, cbrt, exp, ln, log, log2, log10, sin, cos, ' +
		'tan, asin, acos, atan, abs, floor, ceil, round, min, max, factorial, pi, e.',
	schema: z.object({ expression: z.string().min(1) }),
	verboseParsingErrors: true,
});

/** @param {Means} means @param {string} name @param {Buffer} bytes @param {string} [mimeType] */
async function giveOut({ artifacts, answer }, name, bytes, mimeType) {
	const descriptor = artifacts.add(name, bytes, mimeType);
	await answer.artifact(descriptor);
	return `The user was given the file ${descriptor.display_name} (${descriptor.size_bytes} bytes).`;
}

/** @param {Means} means @returns {Tool} */
const runCode = (means) => tool(async ({ language, code, timeout_seconds }) => {
	await means.answer.reasoning(`Running ${language} in a sandbox.\n`);
	const sandbox = /** @type {NonNullable<Means['sandbox']>} */ (means.sandbox);
	const { exitCode, stdout, stderr, timedOut, files } = await sandbox.run(language, code, timeout_seconds);
	const words = [timedOut ? `It was ended after ${timeout_seconds} s.` : `Exit code ${exitCode}.`];
	if (stdout !== '') words.push(`stdout:\n${part(stdout, SHOWN_MAX / 2)}`);
	if (stderr !== '') words.push(`stderr:\n${part(stderr, SHOWN_MAX / 2)}`);
	for (const { name, bytes } of files)
		words.push(bytes === null ? `The file ${name} could not be given to the user: it is too large.` : await giveOut(means, name, bytes));
	return words.join('\n');
}, {
	name: 'run_code',
	description: 'Run a program in a sandbox without a network; what it wrote in /workspace is there the next time. Print what you want ' +
		'to see. Files written to /workspace/artifacts are given to the user.',
	schema: z.object({
		language: z.enum(['python', 'javascript', 'bash']),
		code: z.string().min(1).max(200_000),
		timeout_seconds: z.number().int().min(1).max(120).default(30),
	}),
	verboseParsingErrors: true,
});

/** @param {Means} means @returns {Tool} */
const makeFile = (means) => tool(async ({ name, content, mime_type }) => {
	await means.answer.reasoning(`Writing the file ${line(name)}.\n`);
	return giveOut(means, name, Buffer.from(content), mime_type);
}, {
	name: 'make_file',
	description: 'Give the user a text file.',
	schema: z.object({ name: z.string().min(1).max(200), content: z.string().max(ARTIFACT_MAX / 4), mime_type: z.string().optional() }),
	verboseParsingErrors: true,
});

/** @param {Means} means @returns {Tool[]} those whose means are there */
export function makeTools(means) {
	return [
		calculator(means), makeFile(means),
		...(means.platform !== null ? [search(means), fetchPage(means)] : []),
		...(means.sandbox !== null ? [runCode(means)] : []),
	];
}
