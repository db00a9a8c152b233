// request.js - a chat request as OpenAI clients send it: checked, and turned into LangChain's messages.
import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages';
import { WireError } from './errors.js';

/** @typedef {import('@langchain/core/messages').BaseMessage} BaseMessage */
/** @typedef {Record<string, any>} Json */

/**
 * @typedef {object} Chat
 * @property {BaseMessage[]} messages
 * @property {Json} params what goes to the model as it came
 * @property {boolean} clientTools the client offers tools and runs them itself
 * @property {boolean} stream
 * @property {boolean} includeUsage
 */

/** What a model may be told besides the messages. */
const PASSED_ON = ['temperature', 'top_p', 'max_tokens', 'max_completion_tokens', 'stop', 'seed', 'presence_penalty',
	'frequency_penalty', 'logit_bias', 'response_format', 'user', 'reasoning_effort', 'verbosity'];
const OF_TOOLS = ['tools', 'tool_choice', 'parallel_tool_calls'];

/** @type {Record<string, [what: string, (value: any) => boolean]>} */
const fields = {
	model: ['a string', (v) => typeof v === 'string'],
	stream: ['true or false', (v) => typeof v === 'boolean'],
	temperature: ['a number from 0 to 2', (v) => typeof v === 'number' && v >= 0 && v <= 2],
	top_p: ['a number from 0 to 1', (v) => typeof v === 'number' && v >= 0 && v <= 1],
	max_tokens: ['a whole number from 1', (v) => Number.isInteger(v) && v >= 1],
	max_completion_tokens: ['a whole number from 1', (v) => Number.isInteger(v) && v >= 1],
	n: ['a whole number from 1', (v) => Number.isInteger(v) && v >= 1],
	tools: ['a list of functions', (v) => Array.isArray(v) && v.every((t) => t?.type === 'function' && typeof t.function?.name === 'string')],
	response_format: ['an object with a type', (v) => typeof v?.type === 'string'],
	stream_options: ['an object', (v) => typeof v === 'object' && !Array.isArray(v)],
};

/** @param {string} param @param {string} wanted @returns {never} */
function wrong(param, wanted) {
	throw new WireError('invalid_value', `'${param}' must be ${wanted}.`, { param });
}

/** @param {string} param @returns {never} */
function missing(param) {
	throw new WireError('missing_required_parameter', `'${param}' is missing.`, { param });
}

/** @param {unknown} value @returns {value is Json} */
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

const PARTS = ['text', 'image_url', 'input_audio', 'file'];

/** @param {unknown} content @param {string} where @returns {string | any[]} parts hold nothing but what their type is for */
function contentOf(content, where) {
	if (typeof content === 'string') return content;
	if (!Array.isArray(content)) wrong(where, 'a string or a list of parts');
	return content.map((part, i) => {
		const { type } = isObject(part) ? part : { type: null };
		if (!PARTS.includes(type)) wrong(`${where}[${i}].type`, `one of ${PARTS.join(', ')}`);
		if (type === 'text' ? typeof part.text !== 'string' : part[type] === undefined || part[type] === null)
			wrong(`${where}[${i}].${type}`, type === 'text' ? 'a string' : 'there');
		return { type, [type]: part[type] };
	});
}

/** @param {any} calls @param {string} where */
function toolCallsOf(calls, where) {
	if (!Array.isArray(calls)) wrong(where, 'a list');
	return calls.map((call, i) => {
		let args;
		if (typeof call?.id !== 'string' || typeof call.function?.name !== 'string')
			wrong(`${where}[${i}]`, 'a call with an id and a function');
		try {
			args = JSON.parse(call.function.arguments || '{}');
		} catch {
			args = null;
		}
		if (!isObject(args)) wrong(`${where}[${i}].function.arguments`, 'a JSON object in a string');
		return { type: /** @type {const} */ ('tool_call'), id: call.id, name: call.function.name, args };
	});
}

/** @param {any} message @param {number} i @returns {BaseMessage} */
function messageOf(message, i) {
	const where = `messages[${i}]`;
	if (!isObject(message)) wrong(where, 'an object');
	const name = typeof message.name === 'string' ? { name: message.name } : {};
	const content = () => contentOf(message.content ?? missing(`${where}.content`), `${where}.content`);
	switch (message.role) {
	case 'system':
		return new SystemMessage({ content: content(), ...name });
	case 'developer':
		return new SystemMessage({ content: content(), ...name, additional_kwargs: { __openai_role__: 'developer' } });
	case 'user':
		return new HumanMessage({ content: content(), ...name });
	case 'assistant': {
		const tool_calls = message.tool_calls ? toolCallsOf(message.tool_calls, `${where}.tool_calls`) : [];
		if (tool_calls.length === 0) return new AIMessage({ content: content(), ...name });
		return new AIMessage({ content: contentOf(message.content ?? '', `${where}.content`), ...name, tool_calls });
	}
	case 'tool':
		if (typeof message.tool_call_id !== 'string') missing(`${where}.tool_call_id`);
		return new ToolMessage({ content: content(), ...name, tool_call_id: message.tool_call_id });
	default:
		return wrong(`${where}.role`, 'one of system, developer, user, assistant, tool');
	}
}

/**
 * @param {string} text the body
 * @returns {Chat}
 * @throws {WireError} that names the parameter
 */
export function parseChat(text) {
	/** @type {unknown} */
	let body;
	try {
		body = JSON.parse(text);
	} catch (cause) {
		throw new WireError('invalid_json', `The body is no JSON: ${/** @type {Error} */ (cause).message}.`);
	}
	if (!isObject(body)) throw new WireError('invalid_json', 'The body is no JSON object.');
	for (const [param, [wanted, holds]] of Object.entries(fields)) {
		const value = body[param];
		if (value !== undefined && value !== null && !holds(value)) wrong(param, wanted);
	}
	if (body.n > 1) throw new WireError('unsupported_parameter', 'One answer is made for a chat, no more.', { param: 'n' });
	if (!('messages' in body)) missing('messages');
	if (!Array.isArray(body.messages) || body.messages.length === 0) wrong('messages', 'a list of at least one message');

	const clientTools = Array.isArray(body.tools) && body.tools.length > 0;
	const params = Object.fromEntries([...PASSED_ON, ...(clientTools ? OF_TOOLS : [])]
		.filter((key) => body[key] !== undefined && body[key] !== null).map((key) => [key, body[key]]));
	return {
		messages: body.messages.map(messageOf),
		params,
		clientTools,
		stream: body.stream === true,
		includeUsage: body.stream_options?.include_usage === true,
	};
}
