// Ask for work with the official OpenAI SDK, watch the steps, keep the files.
//
//	npm install openai; node squares.mjs
import { readFileSync, writeFileSync } from 'node:fs';
import OpenAI from 'openai';

const baseURL = process.env.OPENAI_BASE_URL ?? 'http://127.0.0.1:8000/v1';
const client = new OpenAI({ baseURL, apiKey: process.env.OPENAI_API_KEY ?? 'none' });
const stream = await client.chat.completions.create(JSON.parse(readFileSync('chat.json', 'utf8')));

for await (const chunk of stream) {
	const delta = chunk.choices[0]?.delta ?? {};
	process.stdout.write(delta.content ?? '');
	if (delta.janus) console.log(`[${delta.janus.event}]`);
	if (delta.janus?.event === 'artifact') {
		const { display_name: name, url } = delta.janus.payload;
		const file = await fetch(new URL(url, baseURL));
		if (!file.ok) throw new Error(`${name}: ${file.status}`);
		writeFileSync(name, Buffer.from(await file.arrayBuffer()));
		console.log(`kept ${name}`);
	}
}
