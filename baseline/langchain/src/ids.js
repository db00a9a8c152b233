// ids.js - names for things: a prefix and 26 characters that sort by time.
import { randomBytes } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';	// Crockford's base32
let last = 0n;

/** @param {string} prefix @returns {string} prefix, "_", and a UUIDv7 */
export function newId(prefix) {
	const random = BigInt(`0x${randomBytes(10).toString('hex')}`);
	let value = (BigInt(Date.now()) << 80n) | (7n << 76n) | ((random >> 4n) & ((1n << 76n) - 1n));
	value = (value & ~(3n << 62n)) | (2n << 62n);
	if (value <= last) value = last + 1n;	// within one process they only grow
	last = value;
	let text = '';
	for (let i = 0; i < 26; i++, value >>= 5n) text = ALPHABET[Number(value & 31n)] + text;
	return `${prefix}_${text}`;
}

/** @param {string | string[] | undefined} given a header @returns {string} it, or a new id where it is none */
export function requestId(given) {
	return typeof given === 'string' && /^[A-Za-z0-9_-]{8,128}$/.test(given) ? given : newId('req');
}

/** @returns {string} as OpenAI's completions are called */
export const completionId = () => `chatcmpl-${randomBytes(12).toString('hex')}`;
