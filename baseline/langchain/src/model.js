// model.js - the model API: which model it has, and LangChain's client for it.
import { ChatOpenAICompletions } from '@langchain/openai';
import { worthRetrying, WireError } from './errors.js';

/** What the platform has where it has no model; it follows fixed rules and says so. */
export const OFFLINE = 'janus-offline-responder';

const ASK_EVERY_MS = 30_000;
const ASK_AGAIN_MS = 2_000;	// while nobody answers: a platform may still be starting
const ASK_LIMIT_MS = 5_000;

/** Asks for the models, again and again. */
export class Models {
	/** @param {import('./config.js').Config} config @param {import('./log.js').Log} log */
	constructor(config, log) {
		this.config = config;
		this.log = log;
		/** @type {string | null} */
		this.model = null;
		/** @type {string | null} why there is none */
		this.why = 'The model API has not answered yet.';
		this.stop = new AbortController();
		/** @type {NodeJS.Timeout | undefined} */
		this.again = undefined;
		this.asking = this.ask();
	}

	async ask() {
		const { baseUrl, apiKey, model } = this.config;
		let answered = false, first = null, why = null;
		try {
			const response = await fetch(`${baseUrl}/models`, {
				headers: apiKey !== '' ? { authorization: `Bearer ${apiKey}` } : {},
				signal: AbortSignal.any([this.stop.signal, AbortSignal.timeout(ASK_LIMIT_MS)]),
			});
			const text = await response.text();
			answered = true;
			if (response.ok) first = JSON.parse(text)?.data?.[0]?.id ?? null;
			why = response.ok ? 'The model API lists no model.' : `The model API answered with status ${response.status}.`;
		} catch {
			why = answered ? 'The model API lists its models in a form that cannot be read.' : 'The model API could not be reached.';
		}
		if (this.stop.signal.aborted) return;
		const found = first === OFFLINE ? OFFLINE : model ?? (typeof first === 'string' ? first : null);
		if (found !== this.model) this.log.info('upstream.state', { model: found, reason: found === null ? why : null });
		this.model = found;
		this.why = found === null ? why : null;
		this.again = setTimeout(() => { this.asking = this.ask(); }, answered ? ASK_EVERY_MS : ASK_AGAIN_MS).unref();
	}

	/** @returns {Promise<string>} the model to ask @throws {WireError} */
	async current() {
		if (this.model === null) await this.asking;
		if (this.model === null) throw new WireError('upstream_connect_failed', this.why ?? 'There is no model.');
		return this.model;
	}

	close() {
		this.stop.abort();
		clearTimeout(this.again);
	}
}

/** LangChain's client, and what it drops: reasoning, and some of what a chat may ask of a model. */
class Client extends ChatOpenAICompletions {
	/** @param {ConstructorParameters<typeof ChatOpenAICompletions>[0]} fields @param {Record<string, any>} asked */
	constructor(fields, asked) {
		super(fields);
		this.asked = asked;
	}

	/** @override @param {any} options @param {any} extra */
	invocationParams(options, extra) {
		return { ...super.invocationParams(options, extra), ...this.asked };
	}

	/**
	 * @override
	 * @param {Record<string, any>} delta
	 * @param {any} raw
	 * @param {any} role
	 */
	_convertCompletionsDeltaToBaseMessageChunk(delta, raw, role) {
		const chunk = super._convertCompletionsDeltaToBaseMessageChunk(delta, raw, role ?? 'assistant');
		const reasoning = delta.reasoning_content ?? delta.reasoning;
		if (typeof reasoning === 'string') chunk.additional_kwargs.reasoning_content = reasoning;
		return chunk;
	}
}

/**
 * @param {import('./config.js').Config} config
 * @param {string} model
 * @param {Record<string, any>} params what the chat asks of the model
 * @param {string} requestId which chat the calls are for
 */
export function makeClient(config, model, params, requestId) {
	return new Client({
		model,
		apiKey: config.apiKey !== '' ? config.apiKey : 'none',	// the client insists on one
		configuration: { baseURL: config.baseUrl, defaultHeaders: { 'x-request-id': requestId } },
		streamUsage: true,
		timeout: config.gapMs,
		maxRetries: config.maxRetries,
		onFailedAttempt: (error) => {
			if (!worthRetrying(error)) throw error;
		},
	}, params);
}
