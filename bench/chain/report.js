// Pages of results.
'use strict';

const fs = require('node:fs');
const os = require('node:os');

const BY_HAND = '\n## By hand\n';
const number = (value, digits = 0) => Number(value).toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
const table = (heads, rows) => [
	`| ${heads.join(' | ')} |`, `| ${heads.map((_, i) => (i ? '---:' : '---')).join(' | ')} |`,
	...rows.map((row) => `| ${row.join(' | ')} |`),
].join('\n');

/** What a run was: by what, when, on what. */
function heading(title, settings, load) {
	const cpu = /model name\s*: (.*)/.exec(fs.readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown processor';
	return `# ${title}\n\nWritten by \`${settings.command}\`, ${new Date().toISOString().slice(0, 10)}; scripts of commit ${settings.commit}, ` +
		`programs \`${settings.programs}\`; ${os.cpus().length} cores (${cpu}), Node.js ${process.version}. ` +
		`Load of the machine (five minutes) when it began and ended: ${load.join(', ')}.\n`;
}
const load5 = () => os.loadavg()[1].toFixed(2);

/** Writes a page; keeps what somebody wrote at its end. */
function write(file, text) {
	const before = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
	const at = before.indexOf(BY_HAND);
	fs.writeFileSync(file, `${text.trimEnd()}\n${at < 0 ? '' : before.slice(at)}`);
}

/** A table of a database's growth; each row: name, sizes at some moments, over so many orders. */
function databaseTable(moments, orders) {
	const mib = (bytes) => number(bytes / 2 ** 20, 1);
	const rows = [];
	for (const [name, kept] of [['validator', 'all states'], ['node', '256 states']]) {
		for (const kind of ['tables', 'indices', 'rest']) {
			const sizes = moments.map(([, databases]) => databases[name][kind]);
			rows.push([`${name} (${kept}), ${kind}`, ...sizes.map(mib), number((sizes[1] - sizes[0]) / 1024 / orders, 1)]);
		}
	}
	return table(['database on disk, MiB', ...moments.map(([what]) => what), `KiB per order, ${moments[1][0]}`], rows) +
		'\n\nIndices are sparse files of a fixed size (32 MiB the largest), of which each new key touches a page until all are; the rest is mostly the log.';
}

/** Least, median and most of numbers. */
function spread(values, digits = 0) {
	const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
	if (sorted.length === 0) return 'not measured';
	return [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map((v) => number(v, digits)).join(' / ');
}

module.exports = { databaseTable, heading, load5, number, spread, table, write };
