// The official OpenAI SDK, unmodified: files, and a chat that carries one.
//
//	BASE_URL	a Janus
//	MODEL		a competitor that says what a file of "hello owl" says
import { test } from 'node:test';
import assert from 'node:assert/strict';
import OpenAI, { toFile } from 'openai';

const { BASE_URL: base, MODEL: model } = process.env;
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'unused', maxRetries: 0, timeout: 60_000 });

const upload = async () => client.files.create({ file: await toFile(Buffer.from('hello owl'), 'owl.txt', { type: 'text/plain' }), purpose: 'user_data' });

test('files: upload, look, list, fetch, delete', async () => {
	const file = await upload();
	assert.match(file.id, /^file-[0-9a-z]{26}$/);
	assert.equal(file.object, 'file');
	assert.equal(file.bytes, 9);
	assert.equal(file.filename, 'owl.txt');
	assert.equal(file.purpose, 'user_data');
	assert.equal(file.status, 'processed');
	assert.deepEqual(await client.files.retrieve(file.id), file);
	const listed = [];
	for await (const each of client.files.list({ purpose: 'user_data' })) listed.push(each.id);
	assert.ok(listed.includes(file.id));
	const content = await client.files.content(file.id);
	assert.equal(await content.text(), 'hello owl');
	assert.deepEqual(await client.files.delete(file.id), { id: file.id, object: 'file', deleted: true });
	await assert.rejects(client.files.retrieve(file.id), (error) => error.status === 404 && error.code === 'resource_not_found');
});

test('files: pages, in both orders', async () => {
	const files = [await upload(), await upload(), await upload()];
	const page = await client.files.list({ limit: 2, order: 'asc' });
	assert.equal(page.data.length, 2);
	assert.ok(page.has_more);
	const all = [];
	for await (const each of client.files.list({ limit: 1, order: 'asc' })) all.push(each.id);
	assert.deepEqual(all, files.map((each) => each.id));
	for (const each of files) await client.files.delete(each.id);
});

test('files: one that expires', async () => {
	const file = await client.files.create({ file: await toFile(Buffer.from('x'), 'x.txt'), purpose: 'assistants', expires_after: { anchor: 'created_at', seconds: 3600 } });
	assert.equal(file.expires_at - file.created_at, 3600);
	await client.files.delete(file.id);
});

test('files: what is refused is typed', async () => {
	await assert.rejects(client.files.create({ file: await toFile(Buffer.from('x'), 'x.jsonl'), purpose: 'fine-tune' }),
		(error) => error instanceof OpenAI.BadRequestError && error.code === 'invalid_value' && error.param === 'purpose');
});

test('a chat carries a file', async () => {
	const file = await upload();
	const part = { type: 'file', file: { file_id: file.id } };
	const answer = await client.chat.completions.create({ model, messages: [{ role: 'user', content: [part, { type: 'text', text: 'what does it say?' }] }] });
	assert.equal(answer.choices[0].message.content, 'The file says hello owl.');
	await client.files.delete(file.id);
	await assert.rejects(client.chat.completions.create({ model, messages: [{ role: 'user', content: [part] }] }),
		(error) => error.status === 404 && error.param === 'messages[0].content[0].file.file_id');
});
