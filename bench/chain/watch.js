// Samples processes (/proc) and the nodes' metrics (Prometheus) while something else happens.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const EVERY_MS = 500;
// Of /proc/PID/stat: the kernel counts processor time in these.
const TICKS_A_SECOND = 100;
const MIB = 1024;

/** The process of a name, as scripts/bench-chain wrote it down. */
function pidOf(name) {
	return Number(fs.readFileSync(path.join(process.env.ZOMBIENET_RUN, `${name}.pid`), 'utf8'));
}

/** A process and all that it started. */
function family(pid) {
	const found = [pid];
	for (const task of fs.readdirSync(`/proc/${pid}/task`)) {
		const children = fs.readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim();
		if (children) found.push(...children.split(' ').flatMap((child) => family(Number(child))));
	}
	return found;
}

/** Resident memory, its anonymous part and its peak, MiB, and processor time, s, of a process with its children. */
function usage(pid) {
	const sum = { rss: 0, anonymous: 0, peak: 0, cpu: 0, pid };
	for (const one of family(pid)) {
		const status = fs.readFileSync(`/proc/${one}/status`, 'utf8');
		const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / MIB;
		sum.rss += of('VmRSS');
		sum.anonymous += of('RssAnon');
		sum.peak += of('VmHWM');
		// The name, in parentheses, may hold anything.
		const stat = fs.readFileSync(`/proc/${one}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
		sum.cpu += (Number(stat[11]) + Number(stat[12])) / TICKS_A_SECOND;
	}
	return sum;
}

const METRICS = new Map([
	['substrate_block_verification_and_import_time_sum', 'importSeconds'],
	['substrate_block_verification_and_import_time_count', 'imports'],
	['substrate_state_cache_bytes', 'stateCache'],
	['substrate_sub_txpool_watched_txs', 'watched'],
	['substrate_sub_txpool_unwatched_txs', 'unwatched'],
]);
const REASON = /^substrate_proposer_end_proposal_reason\{reason="([a-z_]+)"/;

/** The values that are wanted of a node's metrics, by the names above; `ends`: why its blocks ended. */
async function metrics(port) {
	const answer = await fetch(`http://127.0.0.1:${port}/metrics`, { signal: AbortSignal.timeout(5000) });
	const found = { ends: {} };
	for (const line of (await answer.text()).split('\n')) {
		if (!line.startsWith('substrate_')) continue;
		const [full, value] = line.split(' ');
		const name = METRICS.get(full.replace(/,?chain="[^"]*"/, '').replace('{}', ''));
		if (name) found[name] = Number(value);
		const reason = REASON.exec(full);
		if (reason) found.ends[reason[1]] = Number(value);
	}
	return found;
}

/** Samples until it is stopped. A process that is not there, while it restarts, is left out of a sample. */
class Watch {
	constructor({ processes, ports }) {
		Object.assign(this, { processes, ports, samples: [], importTimes: new Map() });
		this.peaks = {};
		this.running = this.run();
	}

	async sample() {
		const sample = { at: Date.now(), usage: {}, metrics: {} };
		for (const name of this.processes) {
			try {
				sample.usage[name] = usage(pidOf(name));
				this.peaks[name] = Math.max(this.peaks[name] ?? 0, sample.usage[name].peak);
			} catch {}
		}
		sample.usage.load = usage(process.pid);
		await Promise.all(Object.entries(this.ports).map(async ([name, port]) => {
			try {
				sample.metrics[name] = await metrics(port);
			} catch {}
		}));
		this.samples.push(sample);
		return sample;
	}

	async run() {
		for (let before; !this.stopped; ) {
			const now = await this.sample();
			const [a, b] = [before?.metrics.node, now.metrics.node];
			// One validator makes no forks: the import number N is that of block N. What came alone between two looks has its time.
			if (a && b && b.imports === a.imports + 1) this.importTimes.set(b.imports, b.importSeconds - a.importSeconds);
			before = now;
			await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
		}
	}

	async stop() {
		this.stopped = true;
		await this.running;
	}

	get last() {
		return this.samples.at(-1);
	}

	/** Processor seconds of each process between two times. */
	cpuBetween(from, to) {
		const inside = this.samples.filter(({ at }) => at >= from && at <= to);
		const names = [...this.processes, 'load'];
		return Object.fromEntries(names.map((name) => {
			const found = inside.filter(({ usage: u }) => u[name]);
			return [name, found.length > 1 ? found.at(-1).usage[name].cpu - found[0].usage[name].cpu : NaN];
		}));
	}

	/** Why the validator's blocks between two times ended, as counts. */
	endsBetween(from, to) {
		const inside = this.samples.filter(({ at, metrics: m }) => at >= from && at <= to && m.validator);
		const [first, last] = [inside[0].metrics.validator.ends, inside.at(-1).metrics.validator.ends];
		return Object.entries(last).map(([reason, count]) => [reason, count - (first[reason] ?? 0)]).filter(([, count]) => count > 0);
	}

	/** Most transactions in the validator's pool between two times. */
	mostInPool(from, to) {
		return Math.max(...this.samples.filter(({ at, metrics: m }) => at >= from && at <= to && m.validator)
			.map(({ metrics: { validator: v } }) => v.watched + v.unwatched));
	}
}

/** The slope of points [x, y] by least squares, y a unit of x. */
function slope(points) {
	const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
	const x = mean(points.map((p) => p[0])), y = mean(points.map((p) => p[1]));
	return points.reduce((s, p) => s + (p[0] - x) * (p[1] - y), 0) / points.reduce((s, p) => s + (p[0] - x) ** 2, 0);
}

/** In which time the validator made its blocks, s, by its log. */
function authoring() {
	const found = new Map();
	const log = fs.readFileSync(path.join(process.env.ZOMBIENET_RUN, 'validator.log'), 'utf8');
	for (const [, number, ms] of log.matchAll(/Prepared block for proposing at (\d+) \((\d+) ms\)/g)) found.set(Number(number), Number(ms) / 1000);
	return found;
}

/**
 * Bytes on disk of the database of a node, by kind of file: values; indices, which have their full size from the
 * beginning (2^16 pages), of which ever more pages are touched; the rest, mostly the log of what is not in its table yet.
 */
function databaseBytes(name) {
	const sum = { tables: 0, indices: 0, rest: 0 };
	for (const entry of fs.readdirSync(path.join(process.env.ZOMBIENET_RUN, name, 'chains'), { withFileTypes: true, recursive: true })) {
		if (!entry.isFile()) continue;
		const kind = { table: 'tables', index: 'indices' }[entry.name.split('_')[0]] ?? 'rest';
		sum[kind] += fs.statSync(path.join(entry.parentPath ?? entry.path, entry.name)).blocks * 512;
	}
	return sum;
}

module.exports = { Watch, authoring, databaseBytes, slope };
