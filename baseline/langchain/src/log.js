// log.js - one JSON object a line, on stderr.
import process from 'node:process';

const levels = ['debug', 'info', 'warn', 'error'];
const LINE_MAX = 16 * 1024;

/** @typedef {Record<string, string | number | boolean | null | undefined>} Fields */

export class Log {
	/** @param {string} level the least that is written @param {(line: string) => void} [write] */
	constructor(level, write = (line) => process.stderr.write(line)) {
		this.least = levels.indexOf(level);
		this.write = write;
	}

	/** @param {string} level @param {string} msg a dotted event name @param {Fields} fields what is undefined is left out */
	line(level, msg, fields) {
		if (levels.indexOf(level) < this.least) return;
		const text = JSON.stringify({ ts: new Date().toISOString(), level, msg, component: 'baseline-langchain', pid: process.pid, ...fields });
		this.write(`${text.length > LINE_MAX ? JSON.stringify({ level, msg, cut: text.slice(0, LINE_MAX / 2) }) : text}\n`);
	}

	/** @param {string} msg @param {Fields} [fields] */
	debug(msg, fields = {}) { this.line('debug', msg, fields); }
	/** @param {string} msg @param {Fields} [fields] */
	info(msg, fields = {}) { this.line('info', msg, fields); }
	/** @param {string} msg @param {Fields} [fields] */
	warn(msg, fields = {}) { this.line('warn', msg, fields); }
	/** @param {string} msg @param {Fields} [fields] */
	error(msg, fields = {}) { this.line('error', msg, fields); }
}

/**
 * What libraries say on the console becomes lines like all others.
 *
 * @param {Log} log
 */
export function captureConsole(log) {
	/** @param {'debug' | 'info' | 'warn' | 'error'} level @returns {(...words: unknown[]) => void} */
	const to = (level) => (...words) => log[level]('library.says', { text: words.map(String).join(' ').slice(0, 1000) });
	Object.assign(console, { log: to('debug'), debug: to('debug'), info: to('info'), warn: to('warn'), error: to('error') });
}
