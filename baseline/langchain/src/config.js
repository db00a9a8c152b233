// config.js - the settings, from the environment alone.

/**
 * @typedef {object} Config
 * @property {boolean} inPod a platform stands behind us
 * @property {string} host
 * @property {number} port 0: any that is free
 * @property {string} baseUrl of the model API
 * @property {string} apiKey "" if none
 * @property {string | null} model the one to ask; null: the first that the API lists
 * @property {string | null} platformUrl where /search, /fetch and /usage are; null: nowhere
 * @property {string | null} sandyUrl of a sandbox service; null: none
 * @property {string} sandyKey "" if none
 * @property {number} bodyMaxBytes
 * @property {number} maxSteps how often the model is asked for one answer
 * @property {number} maxRetries how often a call that failed at once is made again
 * @property {number} totalMs the longest that an answer may take
 * @property {number} gapMs the longest that the model may be silent
 * @property {number} pingMs of silence, after which a stream gets a comment
 * @property {'debug' | 'info' | 'warn' | 'error'} logLevel
 */

export class ConfigError extends Error {}

const OPENAI = 'https://api.openai.com/v1';

/** @param {NodeJS.ProcessEnv} env @param {string} name an empty variable is as good as none */
const text = (env, name) => env[name] || null;

/** @param {NodeJS.ProcessEnv} env @param {string} name @param {number} absent @param {number} min @param {number} max */
function number(env, name, absent, min, max) {
	const value = text(env, name);
	if (value === null) return absent;
	if (!/^\d+(\.\d+)?$/.test(value) || Number(value) < min || Number(value) > max)
		throw new ConfigError(`${name}: '${value}' is no number from ${min} to ${max}`);
	return Number(value);
}

/** @param {NodeJS.ProcessEnv} env @param {string} name @param {number} absent @param {number} max @param {number} [min] */
function integer(env, name, absent, max, min = 1) {
	const value = number(env, name, absent, min, max);
	if (!Number.isInteger(value)) throw new ConfigError(`${name}: '${value}' is no whole number`);
	return value;
}

/** @param {string | null} value @param {string} name */
function url(value, name) {
	if (value === null) return null;
	let parsed;
	try {
		parsed = new URL(value);
	} catch {
		throw new ConfigError(`${name}: '${value}' is no URL`);
	}
	if (!['http:', 'https:'].includes(parsed.protocol)) throw new ConfigError(`${name}: '${value}' is not http or https`);
	return value.replace(/\/+$/, '');
}

/** @param {NodeJS.ProcessEnv} env @returns {Config['logLevel']} */
function logLevel(env) {
	const word = (text(env, 'JANUS_LOG') ?? 'info').split(',')[0].toLowerCase();
	if (word === 'debug' || word === 'info' || word === 'warn' || word === 'error') return word;
	throw new ConfigError(`JANUS_LOG: '${word}' is no level: debug, info, warn or error`);
}

/**
 * In a pod (JANUS_PLATFORM_URL is set) everything comes from what a pod is promised; by itself from
 * BASELINE_LANGCHAIN_*.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {Config}
 */
export function readConfig(env) {
	const platformUrl = url(text(env, 'JANUS_PLATFORM_URL'), 'JANUS_PLATFORM_URL');
	const inPod = platformUrl !== null;
	const prefix = inPod ? '' : 'BASELINE_LANGCHAIN_';
	const apiKey = text(env, `${prefix}OPENAI_API_KEY`) ?? '';
	const sandy = text(env, 'JANUS_SANDY_BASE_URL') ?? text(env, 'SANDY_BASE_URL');
	const baseUrl = url(text(env, `${prefix}OPENAI_BASE_URL`), `${prefix}OPENAI_BASE_URL`) ??
		(apiKey !== '' ? OPENAI : null);

	if (baseUrl === null)
		throw new ConfigError(`no model API: set ${prefix}OPENAI_API_KEY, or ${prefix}OPENAI_BASE_URL where no key is needed`);
	if (/[\r\n]/.test(apiKey)) throw new ConfigError('the API key holds a line break');
	return {
		inPod,
		host: inPod ? '0.0.0.0' : text(env, 'BASELINE_LANGCHAIN_HOST') ?? '127.0.0.1',
		port: inPod ? integer(env, 'PORT', 8080, 65535) : integer(env, 'BASELINE_LANGCHAIN_PORT', 8002, 65535, 0),
		baseUrl,
		apiKey,
		model: text(env, 'BASELINE_LANGCHAIN_MODEL'),
		platformUrl,
		sandyUrl: url(sandy, 'SANDY_BASE_URL'),
		sandyKey: text(env, 'JANUS_SANDY_API_KEY') ?? text(env, 'SANDY_API_KEY') ?? '',
		bodyMaxBytes: integer(env, 'JANUS_MAX_REQUEST_SIZE', 10 << 20, 2 ** 31 - 1),
		maxSteps: integer(env, 'BASELINE_LANGCHAIN_MAX_STEPS', 8, 50),
		maxRetries: number(env, 'BASELINE_LANGCHAIN_MAX_RETRIES', 2, 0, 10),
		totalMs: 1000 * number(env, 'JANUS_REQUEST_TIMEOUT', 300, 1, 86400),
		gapMs: 1000 * number(env, 'BASELINE_LANGCHAIN_REQUEST_TIMEOUT', 60, 0.1, 86400),
		pingMs: 1000 * number(env, 'JANUS_KEEP_ALIVE_INTERVAL', 1.5, 0.05, 60),
		logLevel: logLevel(env),
	};
}
