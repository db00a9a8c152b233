import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ArithmeticError, calculate } from '../src/arithmetic.js';

for (const [expression, value] of [
	['2', '2'], ['1+2*3', '7'], ['(1+2)*3', '9'], ['10-4-3', '3'], ['2*-3', '-6'], ['--2', '2'], ['-2^2', '-4'], ['2^3^2', '512'],
	['2**10', '1024'], ['2^-3', '0.125'], ['7%3', '1'], ['-7.5 % 2', '-1.5'], ['0.1+0.2', '0.3'], ['100/8', '12.5'], ['1_000*2', '2000'],
	['1/3', '0.333333333333333 (1/3)'], ['1/3*3', '1'], ['123456789*987654321', '121932631112635269'], ['.5*4', '2'], ['1e3', '1000'],
	['2.5e-1', '0.25'], ['10^30 + 1', '1000000000000000000000000000001'], ['1e400/1e399', '10'], ['0^0', '1'], ['(-1)^1000001', '-1'],
	['factorial(20)', '2432902008176640000'], ['sqrt(16)', '4'], ['cbrt(27)', '3'], ['log(8, 2)', '3'], ['ln(e)', '1'], ['log10(1000)', '3'],
	['abs(-3/4)', '0.75'], ['floor(-1.5)', '-2'], ['ceil(-1.5)', '-1'], ['round(2.5)', '3'], ['min(3, 1/2, 2)', '0.5'], ['max(1,2)', '2'],
	['PI', '3.14159265358979'], ['sin(0)', '0'], ['-5/2', '-2.5'], [' 1 + 1 ', '2'],
]) test(`${expression} = ${value}`, () => assert.equal(calculate(expression), value));

for (const [what, expression, message] of /** @type {[string, string, RegExp][]} */ ([
	['division by zero', '1/0', /division by zero/], ['a remainder of zero', '1%0', /division by zero/], ['nothing', '', /too early/],
	['half of it', '1+', /too early/], ['an open parenthesis', '(1', /'\)' is missing/], ['two numbers', '1 2', /'2' stands/],
	['code', 'process.exit(1)', /cannot be read|not known/], ['a function that is not there', 'alert(1)', /'alert' is not known/],
	['what objects inherit', 'constructor', /not known/], ['the same, called', '__proto__(1)', /not known/],
	['a root of less than nothing', 'sqrt(-1)', /not a real number/], ['too few numbers', 'log()', /stands where a number should/],
	['too many numbers', 'sqrt(1,2)', /does not take 2/], ['factorial of a half', 'factorial(0.5)', /whole number/],
	['a number without end', '9^9^9', /digits/], ['one that is long in the making', '2^100000', /digits/], ['the same by its exponent', '1e999999', /digits/],
	['too many parentheses', '('.repeat(150), /nested too deep/], ['too many signs', '-'.repeat(150), /nested too deep/],
	['too long', '1+'.repeat(1500), /longer than 2000/], ['a string', '"1"', /cannot be read/],
])) test(`refused: ${what}`, () => assert.throws(() => calculate(expression), (/** @type {any} */ error) => {
	assert.ok(error instanceof ArithmeticError, String(error));
	assert.match(error.message, message);
	return true;
}));

test('sums of random whole numbers are those of BigInt', () => {
	let seed = 42;
	const next = () => { seed = (seed * 1103515245 + 12345) % 2 ** 31; return seed; };
	for (let i = 0; i < 500; i++) {
		const [a, b, c] = [next(), next(), next()].map((n) => BigInt(n) * 10n ** BigInt(i % 20));
		assert.equal(calculate(`${a} + ${b} * (${c} - ${a})`), String(a + b * (c - a)));
	}
});

test('no text makes it fail in another way', () => {
	const letters = '0123456789.eE+-*/%^(), _sqrtpi\n"\'`${}[]';
	let seed = 7;
	const next = () => { seed = (seed * 1103515245 + 12345) % 2 ** 31; return seed; };
	for (let i = 0; i < 3000; i++) {
		const text = Array.from({ length: next() % 24 }, () => letters[(next() >> 8) % letters.length]).join('');
		try {
			assert.equal(typeof calculate(text), 'string');
		} catch (error) {
			assert.ok(error instanceof ArithmeticError, `${JSON.stringify(text)}: ${error}`);
		}
	}
});
