// arithmetic.js - work out an expression: a small grammar, read by hand; nothing of it is ever run.
//
//	sum     = product { ("+" | "-") product }
//	product = unary { ("*" | "/" | "%") unary }
//	unary   = ("+" | "-") unary | power
//	power   = atom [ ("^" | "**") unary ]
//	atom    = number | name [ "(" sum { "," sum } ")" ] | "(" sum ")"
//
// Numbers are fractions of whole numbers of any size, so that sums, products and whole powers are
// exact; what a function makes is a floating point number, and so is what is made of it.

const EXPRESSION_MAX = 2000;
const DEPTH_MAX = 100;
const DIGITS_MAX = 5000;
const BITS_MAX = BigInt(DIGITS_MAX) * 4n;

/** @typedef {{n: bigint, d: bigint} | number} Value a fraction in lowest terms with d > 0, or inexact */

export class ArithmeticError extends Error {}

/** @param {string} what @returns {never} */
function fail(what) {
	throw new ArithmeticError(what);
}

/** @param {bigint} a @param {bigint} b */
function gcd(a, b) {
	while (b !== 0n) [a, b] = [b, a % b];
	return a < 0n ? -a : a;
}

/** @param {bigint} n @param {bigint} d @returns {Value} */
function fraction(n, d) {
	if (d === 0n) fail('division by zero');
	const by = gcd(n, d) * (d < 0n ? -1n : 1n);
	const value = { n: n / by, d: d / by };
	if (bits(value.n) > BITS_MAX || bits(value.d) > BITS_MAX) fail(`a number of more than ${DIGITS_MAX} digits`);
	return value;
}

/** @param {bigint} value how many bits it has, or a few more */
const bits = (value) => BigInt(value.toString(16).length) * 4n;

/** @param {Value} value */
function float(value) {
	if (typeof value === 'number') return value;
	// Both parts may be too large for a float, and their quotient not.
	const shift = bits(value.d) - bits(value.n) + 64n;
	const scaled = shift > 0n ? (value.n << shift) / value.d : value.n / (value.d << -shift);
	return Number(scaled) * 2 ** -Number(shift);
}

/** @param {Value} value */
const isZero = (value) => (typeof value === 'number' ? value === 0 : value.n === 0n);

/** @param {number} value @returns {number} */
function finite(value) {
	return Number.isFinite(value) ? value : fail(Number.isNaN(value) ? 'the result is not a real number' : 'the result is too large');
}

/** @param {Value} base @param {Value} exponent @returns {Value} */
function power(base, exponent) {
	if (typeof base === 'number' || typeof exponent === 'number' || exponent.d !== 1n) {
		return finite(float(base) ** float(exponent));
	}
	const times = exponent.n < 0n ? -exponent.n : exponent.n;
	const largest = bits(base.n) > bits(base.d) ? bits(base.n) : bits(base.d);
	const small = base.d === 1n && base.n >= -1n && base.n <= 1n;
	if (!small && (times > BITS_MAX || (largest - 4n) * times > BITS_MAX)) fail(`a number of more than ${DIGITS_MAX} digits`);
	const exact = small ? times % 2n + (times > 0n ? 2n : 0n) : times;	// 1, 0 and -1 need no large power
	const [n, d] = [base.n ** exact, base.d ** exact];
	return exponent.n < 0n ? fraction(d, n) : fraction(n, d);
}

/** @type {Record<string, (a: Value, b: Value) => Value>} */
const operators = {
	'+': (a, b) => (typeof a === 'number' || typeof b === 'number' ? finite(float(a) + float(b)) : fraction(a.n * b.d + b.n * a.d, a.d * b.d)),
	'-': (a, b) => (typeof a === 'number' || typeof b === 'number' ? finite(float(a) - float(b)) : fraction(a.n * b.d - b.n * a.d, a.d * b.d)),
	'*': (a, b) => (typeof a === 'number' || typeof b === 'number' ? finite(float(a) * float(b)) : fraction(a.n * b.n, a.d * b.d)),
	'/': (a, b) => {
		if (isZero(b)) fail('division by zero');
		return typeof a === 'number' || typeof b === 'number' ? finite(float(a) / float(b)) : fraction(a.n * b.d, a.d * b.n);
	},
	'%': (a, b) => {
		if (isZero(b)) fail('division by zero');
		return typeof a === 'number' || typeof b === 'number' ? finite(float(a) % float(b)) : fraction((a.n * b.d) % (b.n * a.d), a.d * b.d);
	},
	'^': power,
};

/** @param {Value} value @param {(n: bigint, d: bigint) => bigint} exact @param {(x: number) => number} rough @returns {Value} */
const rounded = (value, exact, rough) => (typeof value === 'number' ? rough(value) : { n: exact(value.n, value.d), d: 1n });
/** @param {bigint} n @param {bigint} d */
const floor = (n, d) => (n >= 0n ? n / d : -((-n + d - 1n) / d));

/** @type {Record<string, {least: number, most: number, work: (...values: Value[]) => Value}>} */
const functions = {
	abs: { least: 1, most: 1, work: (v) => (typeof v === 'number' ? Math.abs(v) : { n: v.n < 0n ? -v.n : v.n, d: v.d }) },
	floor: { least: 1, most: 1, work: (v) => rounded(v, floor, Math.floor) },
	ceil: { least: 1, most: 1, work: (v) => rounded(v, (n, d) => -floor(-n, d), Math.ceil) },
	round: { least: 1, most: 1, work: (v) => rounded(v, (n, d) => floor(2n * n + d, 2n * d), Math.round) },
	min: { least: 1, most: 50, work: (...all) => all.reduce((a, b) => (float(b) < float(a) ? b : a)) },
	max: { least: 1, most: 50, work: (...all) => all.reduce((a, b) => (float(b) > float(a) ? b : a)) },
	factorial: { least: 1, most: 1, work: factorial },
};
for (const name of /** @type {const} */ (['sqrt', 'cbrt', 'exp', 'log2', 'log10', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan']))
	functions[name] = { least: 1, most: 1, work: (v) => finite(Math[name](float(v))) };
functions.ln = { least: 1, most: 1, work: (v) => finite(Math.log(float(v))) };
functions.log = { least: 1, most: 2, work: (v, base) => finite(Math.log(float(v)) / (base === undefined ? 1 : Math.log(float(base)))) };
const constants = new Map([['pi', Math.PI], ['e', Math.E]]);

/** @param {Value} value @returns {Value} */
function factorial(value) {
	if (typeof value === 'number' || value.d !== 1n || value.n < 0n) fail('factorial takes a whole number from 0');
	if (value.n > 1500n) fail(`a number of more than ${DIGITS_MAX} digits`);
	let product = 1n;
	for (let i = 2n; i <= value.n; i++) product *= i;
	return { n: product, d: 1n };
}

class Reader {
	/** @param {string} text */
	constructor(text) {
		/** @type {string[]} */
		this.words = [];
		this.depth = 0;
		const word = /\s*(\d+(?:_\d+)*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[A-Za-z_]\w*|\*\*|[-+*/%^(),])/y;
		while (word.lastIndex < text.length) {
			const at = word.lastIndex;
			const found = word.exec(text);
			if (found === null) {
				if (text.slice(at).trim() === '') break;
				fail(`'${text.slice(at).trim()[0]}' cannot be read`);
			}
			this.words.push(found[1]);
		}
		this.at = 0;
	}

	get next() { return this.words[this.at]; }

	/** @param {string} word */
	skip(word) {
		if (this.next !== word) fail(this.next === undefined ? `'${word}' is missing at the end` : `'${word}' is missing before '${this.next}'`);
		this.at++;
	}

	/** @template T @param {() => T} read @returns {T} */
	deeper(read) {
		if (++this.depth > DEPTH_MAX) fail('it is nested too deep');
		const value = read();
		this.depth--;
		return value;
	}

	/** @returns {Value} */
	sum() {
		let value = this.product();
		while (this.next === '+' || this.next === '-') value = operators[this.words[this.at++]](value, this.product());
		return value;
	}

	/** @returns {Value} */
	product() {
		let value = this.unary();
		while (this.next === '*' || this.next === '/' || this.next === '%') value = operators[this.words[this.at++]](value, this.unary());
		return value;
	}

	/** @returns {Value} */
	unary() {
		if (this.next !== '-' && this.next !== '+') return this.power();
		const minus = this.words[this.at++] === '-';
		const value = this.deeper(() => this.unary());
		return minus ? operators['-']({ n: 0n, d: 1n }, value) : value;
	}

	/** @returns {Value} */
	power() {
		const base = this.atom();
		if (this.next !== '^' && this.next !== '**') return base;
		this.at++;
		return power(base, this.deeper(() => this.unary()));
	}

	/** @returns {Value} */
	atom() {
		const word = this.next;
		if (word === undefined) fail('it ends too early');
		this.at++;
		if (/^[\d.]/.test(word)) return number(word);
		if (word === '(') {
			const value = this.deeper(() => this.sum());
			this.skip(')');
			return value;
		}
		if (!/^[A-Za-z_]/.test(word)) fail(`'${word}' stands where a number should`);
		const name = word.toLowerCase();
		const constant = constants.get(name);
		if (constant !== undefined) return constant;
		if (!Object.hasOwn(functions, name)) fail(`'${word}' is not known`);
		return this.call(name, functions[name]);
	}

	/** @param {string} name @param {(typeof functions)[string]} known @returns {Value} */
	call(name, { least, most, work }) {
		this.skip('(');
		const values = [this.deeper(() => this.sum())];
		while (this.next === ',') {
			this.at++;
			values.push(this.deeper(() => this.sum()));
		}
		this.skip(')');
		if (values.length < least || values.length > most) fail(`${name} does not take ${values.length} numbers`);
		return work(...values);
	}
}

/** @param {string} word @returns {Value} */
function number(word) {
	const [mantissa, exponent = '0'] = word.replaceAll('_', '').toLowerCase().split('e');
	const [whole, part = ''] = mantissa.split('.');
	const places = Number(exponent) - part.length;
	if (Math.abs(places) > DIGITS_MAX) fail(`a number of more than ${DIGITS_MAX} digits`);
	const digits = BigInt(`${whole}${part}` || '0');
	return places >= 0 ? fraction(digits * 10n ** BigInt(places), 1n) : fraction(digits, 10n ** BigInt(-places));
}

/** @param {Value} value */
function shown(value) {
	if (typeof value === 'number') return String(Number(value.toPrecision(15)));
	if (value.d === 1n) return String(value.n);
	// It ends after so many places, if 2 and 5 are all that divide its denominator.
	let [rest, places] = [value.d, 0];
	for (; rest % 10n === 0n; rest /= 10n) places++;
	for (const prime of [2n, 5n]) for (; rest % prime === 0n; rest /= prime) places++;
	if (rest !== 1n || places > 40) return `${String(Number(float(value).toPrecision(15)))} (${value.n}/${value.d})`.slice(0, 400);
	const sign = value.n < 0n ? '-' : '';
	const digits = String((value.n < 0n ? -value.n : value.n) * 10n ** BigInt(places) / value.d).padStart(places + 1, '0');
	return `${sign}${digits.slice(0, -places)}.${digits.slice(-places).replace(/0+$/, '')}`;
}

/**
 * @param {string} expression
 * @returns {string} its value; exact where that is possible
 * @throws {ArithmeticError} that says what is wrong with it
 */
export function calculate(expression) {
	if (expression.length > EXPRESSION_MAX) fail(`it is longer than ${EXPRESSION_MAX} characters`);
	const reader = new Reader(expression);
	const value = reader.sum();
	if (reader.next !== undefined) fail(`'${reader.next}' stands where it should end`);
	return shown(value);
}
