// metrics.js - counters and histograms in the text format of Prometheus.

/** @typedef {{name: string, help: string, type: 'counter' | 'gauge'}} Series */

const TTFT = [0.01, 0.02, 0.04, 0.08, 0.25, 0.5, 1, 2.5, 5, 7.5, 10];
const DURATION = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];

class Histogram {
	/** @param {string} name @param {string} help @param {number[]} bounds */
	constructor(name, help, bounds) {
		this.name = name;
		this.help = help;
		this.bounds = bounds;
		this.counts = bounds.map(() => 0);
		this.count = 0;
		this.sum = 0;
	}

	/** @param {number} value */
	see(value) {
		this.bounds.forEach((bound, i) => { if (value <= bound) this.counts[i]++; });
		this.count++;
		this.sum += value;
	}

	text() {
		const { name, help } = this;
		return [
			`# HELP ${name} ${help}`, `# TYPE ${name} histogram`,
			...this.bounds.map((bound, i) => `${name}_bucket{le="${bound}"} ${this.counts[i]}`),
			`${name}_bucket{le="+Inf"} ${this.count}`, `${name}_sum ${this.sum}`, `${name}_count ${this.count}`, '',
		].join('\n');
	}
}

export class Metrics {
	/** @param {string} version */
	constructor(version) {
		this.version = version;
		this.active = 0;
		this.chats = { ok: 0, failed: 0, cancelled: 0 };
		this.tokens = { prompt: 0, completion: 0 };
		/** @type {Map<string, number>} by labels, which are of a closed set */
		this.tools = new Map();
		this.sandboxSeconds = 0;
		this.ttft = new Histogram('janus_chat_ttft_seconds', 'Until the first word of an answer.', TTFT);
		this.gap = new Histogram('janus_chat_max_gap_seconds', 'The longest silence of a stream, comments counting as words.', TTFT);
		this.duration = new Histogram('janus_chat_duration_seconds', 'Until the end of an answer.', DURATION);
	}

	/** @param {string} tool @param {boolean} ok */
	tool(tool, ok) {
		const labels = `tool="${tool}",outcome="${ok ? 'ok' : 'failed'}"`;
		this.tools.set(labels, (this.tools.get(labels) ?? 0) + 1);
	}

	text() {
		/** @param {string} name @param {string} type @param {string} help @param {[labels: string, value: number][]} rows */
		const series = (name, type, help, rows) =>
			[`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...rows.map(([labels, value]) => `${name}${labels && `{${labels}}`} ${value}`), ''].join('\n');
		/** @param {Record<string, number>} values @param {string} label @returns {[string, number][]} */
		const by = (values, label) => Object.entries(values).map(([key, value]) => [`${label}="${key}"`, value]);
		return [
			series('janus_build_info', 'gauge', 'The version that runs.', [[`version="${this.version}"`, 1]]),
			series('janus_chat_requests_total', 'counter', 'Chats answered, failed or left by their client.', by(this.chats, 'outcome')),
			series('janus_streams_active', 'gauge', 'Chats under way.', [['', this.active]]),
			series('janus_chat_tokens_total', 'counter', 'Tokens as the model counted them.', by(this.tokens, 'type')),
			series('janus_tool_calls_total', 'counter', 'Tools that were run.', [...this.tools]),
			series('janus_sandbox_seconds_total', 'counter', 'Seconds that sandboxes lived.', [['', this.sandboxSeconds]]),
			this.ttft.text(), this.gap.text(), this.duration.text(),
		].join('');
	}
}
