// sandbox.js - one sandbox for one chat, over the Sandy API: made when it is first needed, ended with the chat.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ARTIFACT_MAX } from './artifacts.js';
import { ServiceError } from './service.js';

/** @typedef {import('./service.js').Service} Service */
/** @typedef {'python' | 'javascript' | 'bash'} Language */
/** @typedef {{name: string, bytes: Buffer | null}} File null: it is too large, or cannot be read */
/** @typedef {{exitCode: number, stdout: string, stderr: string, timedOut: boolean}} Outcome */

const CREATE_TRIES = 4;
const CREATE_MS = 90_000;
const MINUTES = 10;	// it is ended long before, unless we die
const END_MS = 10_000;
const FILES_MAX = 16;
/** @type {Record<Language, [file: string, command: string]>} */
const programs = {
	python: ['main.py', 'python3 main.py'],
	javascript: ['main.mjs', 'node main.mjs'],
	bash: ['main.sh', 'bash main.sh'],
};

export class Sandbox {
	/**
	 * @param {Service} service
	 * @param {(event: 'sandbox_start' | 'sandbox_end', payload: object) => unknown} tell
	 */
	constructor(service, tell) {
		this.service = service;
		this.tell = tell;
		/** @type {Promise<string> | null} its path */
		this.made = null;
		/** @type {Promise<unknown>} one thing at a time */
		this.busy = Promise.resolve();
		/** @type {Map<string, string>} name and hash of what was given out */
		this.given = new Map();
		this.since = 0;
		this.seconds = 0;	// that it lived
	}

	/** @returns {Promise<string>} */
	async make() {
		for (let tries = 1; ; tries++) {
			try {
				const made = await this.service.json('/api/sandboxes', { body: { timeoutMinutes: MINUTES, priority: 2 }, timeoutMs: CREATE_MS });
				const id = made.sandboxId ?? made.sandbox_id ?? made.id;
				if (typeof id !== 'string' || !/^[\w-]{1,128}$/.test(id)) throw new ServiceError('the sandbox service made one without an id');
				this.since = performance.now();
				await this.tell('sandbox_start', { sandbox_id: id });
				return `/api/sandboxes/${id}`;
			} catch (error) {
				if (!(error instanceof ServiceError) || tries === CREATE_TRIES || ![0, 408, 429, 500, 502, 503, 504].includes(error.status) ||
					error.code === 'budget_exceeded') throw error;
				await sleep(Math.min(error.retryAfterMs ?? 500 * 2 ** tries, 10_000), undefined, { signal: this.service.signal });
			}
		}
	}

	/** @returns {Promise<string>} a failed try is not kept */
	path() {
		this.made ??= this.make().catch((error) => {
			this.made = null;
			throw error;
		});
		return this.made;
	}

	/** @template T @param {() => Promise<T>} work @returns {Promise<T>} after what was begun before */
	alone(work) {
		const done = this.busy.then(work);
		this.busy = done.catch(() => {});
		return done;
	}

	/**
	 * @param {Language} language
	 * @param {string} code
	 * @param {number} seconds that it may take
	 * @returns {Promise<Outcome & {files: File[]}>} files: new or changed in artifacts/
	 */
	run(language, code, seconds) {
		return this.alone(async () => {
			const path = await this.path();
			const [file, command] = programs[language];
			await this.service.ask(`${path}/files/write`, { body: { path: `/workspace/${file}`, content: code } });
			const said = await this.service.json(`${path}/exec`, {
				body: { command: `mkdir -p artifacts && exec ${command}`, cwd: '/workspace', timeoutMs: seconds * 1000 },
				timeoutMs: seconds * 1000 + 30_000,
			});
			const exitCode = said.exitCode ?? said.exit_code;
			return {
				exitCode: typeof exitCode === 'number' ? exitCode : 1,
				stdout: String(said.stdout ?? ''),
				stderr: String(said.stderr ?? ''),
				timedOut: said.timedOut === true,
				files: await this.files(path),
			};
		});
	}

	/** @param {string} path @returns {Promise<File[]>} */
	async files(path) {
		const listed = await this.service.json(`${path}/files/list?path=${encodeURIComponent('/workspace/artifacts')}`);
		const names = Array.isArray(listed.files) ? listed.files.filter((/** @type {unknown} */ name) => typeof name === 'string') : [];
		const files = [];
		for (const name of names.slice(0, FILES_MAX)) {
			const bytes = await this.read(path, `/workspace/artifacts/${name}`);
			const hash = bytes === null ? '' : createHash('sha256').update(bytes).digest('hex');
			if (this.given.get(name) === hash) continue;
			this.given.set(name, hash);
			files.push({ name, bytes });
		}
		return files;
	}

	/** @param {string} path @param {string} file @returns {Promise<File['bytes']>} */
	async read(path, file) {
		try {
			const { type, bytes } = await this.service.ask(`${path}/files/read?path=${encodeURIComponent(file)}`, {
				accept: 'application/octet-stream', most: ARTIFACT_MAX,
			});
			if (!type.startsWith('application/json')) return bytes;
			const { content, encoding } = JSON.parse(bytes.toString());	// other services answer so
			return typeof content === 'string' ? Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8') : bytes;
		} catch (error) {
			if (error instanceof ServiceError) return null;
			throw error;
		}
	}

	/** End it, whatever became of the chat. */
	async end() {
		const path = await this.made?.catch(() => null) ?? null;
		if (path === null) return;
		this.made = null;
		try {
			await this.service.ask(`${path}/terminate`, { body: {}, timeoutMs: END_MS, signal: new AbortController().signal });
		} catch (error) {
			if (!(error instanceof ServiceError && error.status === 404)) throw error;	// gone is as good
		} finally {
			this.seconds += (performance.now() - this.since) / 1000;
			await this.tell('sandbox_end', { sandbox_id: path.split('/').at(-1), seconds: Number(this.seconds.toFixed(3)) });
		}
	}
}
