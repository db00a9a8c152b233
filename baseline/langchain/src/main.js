#!/usr/bin/env node
// main.js - baseline-langchain: the second reference competitor.
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { ConfigError, readConfig } from './config.js';
import { captureConsole, Log } from './log.js';

const DRAIN_MS = 8000;	// a pod has ten seconds from SIGTERM on

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
let config;
try {
	config = readConfig(process.env);
} catch (error) {
	if (!(error instanceof ConfigError)) throw error;
	new Log('info').error('baseline.config', { error: error.message });
	process.exit(2);
}
const log = new Log(config.logLevel);
captureConsole(log);

const { Server } = await import('./server.js');	// LangChain is loaded here, once the settings are right
const server = new Server(config, log, version);
try {
	const port = await server.listen();
	log.info('baseline.start', { host: config.host, port, in_pod: config.inPod, version, node: process.version });
} catch (error) {
	log.error('baseline.failed', { error: /** @type {Error} */ (error).message });
	process.exit(1);
}

let asked = false;
for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
	process.on(signal, async () => {
		if (asked) process.exit(0);
		asked = true;
		log.info('baseline.draining');
		await server.drain(DRAIN_MS);
		log.info('baseline.stop');
		process.exit(0);
	});
}
process.removeAllListeners('warning').on('warning', (warning) => log.warn('library.warns', { text: String(warning) }));
process.on('unhandledRejection', (error) => {
	log.error('baseline.unhandled', { error: error instanceof Error ? error.stack : String(error) });
});
