// text.js - texts that every JSON parser takes, and texts that are not too long.

/**
 * Halves of a character and NUL, which some parsers refuse, become U+FFFD.
 *
 * @param {string} text
 */
export const plain = (text) => text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\0/g, '\ufffd');

/**
 * @param {string} text
 * @param {number} most characters
 * @param {string} [end] what stands for the rest
 */
export function cut(text, most, end = '…') {
	if (text.length <= most) return text;
	const whole = /[\ud800-\udbff]/.test(text[most - 1]) ? most - 1 : most;	// never half a character
	return text.slice(0, whole) + end;
}
