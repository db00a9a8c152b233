// artifacts.js - files made for a client: kept in memory for a while, and served by their id.
import { createHash } from 'node:crypto';
import { extname } from 'node:path';
import { newId } from './ids.js';
import { cut, plain } from './text.js';

export const ARTIFACT_MAX = 8 << 20;
const ALL_MAX = 64 << 20;
const TTL_SECONDS = 3600;

/**
 * @typedef {object} Descriptor
 * @property {string} id
 * @property {'image' | 'file' | 'dataset' | 'binary'} type
 * @property {string} mime_type
 * @property {string} display_name
 * @property {number} size_bytes
 * @property {string} sha256
 * @property {string} created_at
 * @property {number} ttl_seconds
 * @property {string} url a path on this server
 */
/** @typedef {{descriptor: Descriptor, bytes: Buffer, until: number}} Kept */

/** @type {Record<string, string>} */
const mimeTypes = {
	'.txt': 'text/plain', '.log': 'text/plain', '.md': 'text/markdown', '.html': 'text/html', '.css': 'text/css', '.csv': 'text/csv',
	'.tsv': 'text/tab-separated-values', '.json': 'application/json', '.jsonl': 'application/jsonl', '.xml': 'application/xml',
	'.yaml': 'application/yaml', '.yml': 'application/yaml', '.js': 'text/javascript', '.py': 'text/x-python', '.sh': 'text/x-shellscript',
	'.png': 'image/png', '.jpg': 'image/jpeg', '.jpeg': 'image/jpeg', '.gif': 'image/gif', '.webp': 'image/webp', '.svg': 'image/svg+xml',
	'.pdf': 'application/pdf', '.zip': 'application/zip', '.gz': 'application/gzip', '.parquet': 'application/vnd.apache.parquet',
};
const datasets = new Set(['.csv', '.tsv', '.json', '.jsonl', '.parquet']);

/** @param {string} name @param {string} mimeType @returns {Descriptor['type']} */
function typeOf(name, mimeType) {
	if (mimeType.startsWith('image/')) return 'image';
	if (datasets.has(extname(name).toLowerCase())) return 'dataset';
	return mimeType.startsWith('text/') || extname(name).toLowerCase() in mimeTypes ? 'file' : 'binary';
}

/** @param {string} name @returns {string} its last part, without what a header or a file system minds */
export function plainName(name) {
	const last = name.split(/[/\\]/).at(-1)?.replace(/[\u0000-\u001f\u007f"<>:|?*]/g, '').trim() ?? '';
	return plain(cut(last.replace(/^\.+/, ''), 120, '')) || 'file';
}

export class Artifacts {
	/** @param {() => number} [now] */
	constructor(now = Date.now) {
		this.now = now;
		/** @type {Map<string, Kept>} the oldest first */
		this.kept = new Map();
		this.bytes = 0;
	}

	/**
	 * @param {string} name
	 * @param {Buffer} bytes at most ARTIFACT_MAX
	 * @param {string} [mimeType] else as the name says
	 * @returns {Descriptor}
	 */
	add(name, bytes, mimeType) {
		if (bytes.length > ARTIFACT_MAX) throw new RangeError(`a file has at most ${ARTIFACT_MAX} bytes`);
		const display_name = plainName(name);
		const mime_type = mimeType !== undefined && /^[\w.+-]+\/[\w.+-]+$/.test(mimeType)
			? mimeType.toLowerCase() : mimeTypes[extname(display_name).toLowerCase()] ?? 'application/octet-stream';
		const id = newId('artf');
		const descriptor = {
			id, type: typeOf(display_name, mime_type), mime_type, display_name, size_bytes: bytes.length,
			sha256: createHash('sha256').update(bytes).digest('hex'),
			created_at: new Date(this.now()).toISOString(), ttl_seconds: TTL_SECONDS, url: `/artifacts/${id}`,
		};
		this.bytes += bytes.length;
		this.kept.set(id, { descriptor, bytes, until: this.now() + TTL_SECONDS * 1000 });
		this.forget();
		return descriptor;
	}

	/** @param {string} id @returns {Kept | null} */
	get(id) {
		this.forget();
		return this.kept.get(id) ?? null;
	}

	forget() {
		for (const [id, { bytes, until }] of this.kept) {
			if (until > this.now() && this.bytes <= ALL_MAX) break;
			this.bytes -= bytes.length;
			this.kept.delete(id);
		}
	}
}
