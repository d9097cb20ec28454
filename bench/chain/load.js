// As fast as it goes: transfers, then orders, which the operator delivers and proves, and which the chain
// prunes when it has kept them long enough. What blocks held is read from them afterwards.
'use strict';

const { best, check, finalised, say, within } = require('../../zombienet/lib/chain');
const { ENDED, stake } = require('../../zombienet/lib/market');
const { readBlocks } = require('./blocks');
const { areIncluded, areOver, fund, home, open, orderCall, patterns, serves, settings, validator } = require('./market');
const { databaseTable, heading, load5, number, spread, table, write } = require('./report');
const { difference, measureState } = require('./state');
const { presign, signingOptions, submitAll } = require('./transactions');
const { Watch, authoring, databaseBytes } = require('./watch');

const MODELS = 3;
const PROCESSES = ['validator', 'node', 'prover'];
const count = (block, call) => block.calls[call] ?? 0;

/** State and databases, at a block that is final. */
async function snapshot(api) {
	// A block later, in which none of what came before is.
	const head = (await best(validator)) + 1;
	const { hash, number: at } = await within(30, validator, `finality of block ${head}`, async () => {
		const now = await finalised(validator);
		return now.number >= head && now;
	});
	const state = await measureState(api, validator, hash);
	const databases = Object.fromEntries(['validator', 'node'].map((name) => [name, databaseBytes(name)]));
	return { at, state, databases };
}

/** Presigns, submits at once, waits for blocks. */
async function phase(market, name, { accounts, nonces }, amount, calls, patience) {
	const { api } = market;
	const queues = await presign(accounts, amount, nonces, await signingOptions(api, validator), calls);
	// From the beginning of a block's slot on, so that the first block is not half a one.
	const before = await best(validator);
	await within(3, validator, 'the next block', async () => (await best(validator)) > before);
	const from = (await best(validator)) + 1, began = Date.now();
	const sent = await submitAll([validator], queues);
	say(`${name}: ${sent.sent} sent in ${sent.ms} ms; the pool was full ${sent.full} times`);
	sent.again = await areIncluded(market, nonces, queues, `${name} in blocks`, patience);
	if (sent.again > 0) say(`${name}: the pool lost ${sent.again}, which were submitted again`);
	const to = await best(validator);
	say(`${name}: in blocks ${from} to ${to}`);
	return { name, from, to, began, ended: Date.now(), sent };
}

/** Rows of a phase's blocks. */
function blockRows(blocks, made, imported) {
	const percent = (used, of) => `${number((100 * used) / of, 1)}`;
	const ms = (found) => (found === undefined ? '–' : number(found * 1000));
	return blocks.map((block, i) => {
		return [
			block.number, i ? number((block.at - blocks[i - 1].at) / 1000, 1) : '–',
			count(block, 'balances.transferKeepAlive'), count(block, 'inferenceMarket.submitWorkload'), block.draws,
			count(block, 'inferenceMarket.deliver'), count(block, 'inferenceMarket.prove'), block.prunings,
			percent(block.used.normal, block.mostNormal), percent(block.used.operational, block.most),
			percent(block.used.mandatory, block.most), percent(block.hooks, block.most), number(block.proofSize / 1024), number(block.bytes / 1024),
			ms(made.get(block.number)), ms(imported.get(block.number)),
		];
	});
}
const BLOCK_HEADS = [
	'block', 's since the last', 'transfers', 'orders', 'draws', 'deliveries', 'proofs', 'prunings', 'normal, % of its 75 %', 'operational, %',
	'mandatory, %', 'hooks, %', 'proof size, KiB', 'length, KiB', 'made in, ms', 'imported in, ms',
];

/** How much of something blocks had, and how fast. */
function rateOf(blocks, of) {
	const first = blocks.findIndex((block) => of(block) > 0), last = blocks.findLastIndex((block) => of(block) > 0);
	const part = blocks.slice(Math.max(first, 0), last + 1), counts = part.map(of);
	const all = counts.reduce((a, b) => a + b, 0);
	// The first block with some is the work of the slot before it.
	const time = (part.at(-1).at - part[0].at) / 1000 + settings.blockSeconds;
	return [number(all), part.length, spread(counts), number(all / time, 1)];
}
const rate = (name, call, blocks) => [name, ...rateOf(blocks, (block) => count(block, call))];

async function main() {
	const loads = [load5()];
	const watch = new Watch({ processes: PROCESSES, ports: settings.ports });
	const market = await open({ models: MODELS, outstanding: settings.outstanding });
	const { api } = market;
	const funded = await fund(market, settings.accounts);
	const calls = await patterns(market);
	const idle = { ...watch.last, number: await best(validator) };

	const transfers = await phase(market, 'transfers', funded, settings.transfers, (account, i) =>
		api.tx.balances.transferKeepAlive(funded.accounts[(i * 7 + 1) % funded.accounts.length].address, 1_000_000n + BigInt(i)), 200);
	await serves(market);
	await areOver(market, 300);
	const before = await snapshot(api);
	say(`state in block ${before.at}: ${[...before.state.values()].reduce((sum, { keys }) => sum + keys, 0)} keys`);

	const orders = await phase(market, 'orders', funded, settings.orders, (_, i) => orderCall(api, calls, i), 200);
	const drained = Date.now();
	await areOver(market, 600);
	const over = await best(validator), overAt = Date.now();
	const after = await snapshot(api);
	say(`all orders have ended, in block ${over}, ${Math.round((overAt - orders.began) / 1000)} s after the first`);

	// --- how they ended ---
	const states = {};
	const workloads = await api.query.inferenceMarket.workloads.entries();
	check(workloads.length >= settings.orders, `only ${workloads.length} workloads are left to count: they are kept too short`);
	for (const [key, value] of workloads) {
		const { state, attempts } = value.unwrap();
		const kind = `${state.type}, drawn ${attempts.toString()} times`;
		states[kind] = (states[kind] ?? 0) + 1;
		check(ENDED.has(state.type.toLowerCase()), `${key.args[0]} is ${state.type}`);
	}
	say(JSON.stringify(states));
	const lost = market.operator.stake - (await stake(validator, '//Bob'));

	// --- pruning ---
	await within(settings.parameters.parameters.retention + 10, validator, 'the pruning of what has ended', async () =>
		(await api.query.inferenceMarket.workloads.keysPaged({ args: [], pageSize: 1 })).length === 0);
	const prunings = { from: over + 1, to: await best(validator), began: overAt, ended: Date.now() };
	const pruned = await snapshot(api);
	const { imports } = watch.last.metrics.node, height = await best(home);
	check(Math.abs(imports - height) <= 1, `the node has imported ${imports} blocks, and is at block ${height}: their times cannot be told apart`);
	await watch.stop();

	// --- blocks ---
	say('reading blocks');
	const read = async ({ from, to }) => readBlocks(api, validator, from, to);
	const sections = { transfers: await read(transfers), orders: await read({ from: orders.from, to: over }), prunings: await read(prunings) };
	const quiet = await readBlocks(api, validator, Math.max(1, idle.number - 5), idle.number);
	const failed = {};
	for (const block of Object.values(sections).flat()) {
		for (const [what, times] of Object.entries(block.failed)) failed[what] = (failed[what] ?? 0) + times;
	}
	const ordering = sections.orders.filter(({ number: n }) => n <= orders.to);
	const draining = sections.orders.filter(({ number: n }) => n > orders.to);
	const page = [heading('A chain under load', settings, [...loads, load5()])];
	page.push(`A validator (all states kept), an operator's node with its worker, its prover, and what sends the load: all on this machine. Blocks of ${settings.blockSeconds} s, the development preset with ` +
		`${MODELS} models (linear-regression-diabetes), \`${JSON.stringify(settings.parameters.parameters)}\`; pools \`${settings.pool}\`; ${settings.accounts} accounts, transactions signed before and sent ` +
		`to the validator one at a time for each account; the operator may owe ${settings.outstanding} outputs at a time.\n`);
	page.push('## Rates\n');
	page.push(table(['', 'in all', 'blocks', 'in a block: least / median / most', 'a second'], [
		rate('transfers', 'balances.transferKeepAlive', sections.transfers),
		rate('orders', 'inferenceMarket.submitWorkload', ordering),
		['draws', ...rateOf(sections.orders, (block) => block.draws)],
		rate('deliveries of deferred orders', 'inferenceMarket.deliver', sections.orders),
		rate('proofs', 'inferenceMarket.prove', sections.orders),
		['prunings, by the chain', ...rateOf([...sections.orders, ...sections.prunings], (block) => block.prunings)],
	]));
	page.push('\nA second: from a slot before the first block that has any to the last that has, slots without a block included.\n');
	page.push(table(['', 'sent in, s', 'sent a second', 'refused by a full pool', 'lost by the pool and submitted again', 'most in the pool', 'why blocks ended'],
		[transfers, orders].map((p) => [p.name, number(p.sent.ms / 1000, 1), number((1000 * p.sent.sent) / p.sent.ms), p.sent.full, p.sent.again,
			number(watch.mostInPool(p.began, p.ended)), watch.endsBetween(p.began - 1000, p.ended).map(([reason, n]) => `${reason} ${n}`).join(', ')])));
	page.push(`\nOrders: ${Object.entries(states).map(([kind, n]) => `${n} ${kind}`).join('; ')}. From the first sent to the last ended: ${number((overAt - orders.began) / 1000)} s. ` +
		`The operator lost ${lost} planck of its stake. Transactions that failed in blocks: ${Object.entries(failed).map(([what, n]) => `${n} ${what}`).join('; ') || 'none'}.\n`);
	page.push('## Time of blocks\n');
	const made = authoring(), imported = watch.importTimes;
	const times = (blocks, of) => spread(blocks.map((b) => (of.get(b.number) ?? NaN) * 1000));
	page.push(table(['least / median / most, ms', 'made by the validator', 'imported by the node'], [
		['before the load', times(quiet, made), times(quiet, imported)],
		...[['transfers', sections.transfers], ['orders', ordering], ['deliveries and proofs only', draining], ['waiting and prunings', sections.prunings]].map(([name, blocks]) =>
			[name, times(blocks, made), times(blocks, imported)]),
	]));
	page.push('\n## Hooks, with what they prune where a block leaves weight\n');
	page.push(table(['of a block, %: least / median / most', 'by weight'], [['before the load', quiet], ['orders', ordering], ['deliveries and proofs only', draining]].map(([name, blocks]) =>
		[name, spread(blocks.map((b) => (100 * b.hooks) / b.most), 2)])));
	page.push('\n## Processor time and memory\n');
	const cpu = [['transfers', transfers.began, transfers.ended], ['orders', orders.began, orders.ended], ['deliveries and proofs only', drained, overAt], ['waiting and prunings', prunings.began, prunings.ended]]
		.map(([name, from, to]) => ({ name, wall: (to - from) / 1000, used: watch.cpuBetween(from, to) }));
	page.push(table(['s of processor', 'wall, s', ...PROCESSES, 'load'], cpu.map(({ name, wall, used }) => [name, number(wall, 1), ...[...PROCESSES, 'load'].map((p) => number(used[p], 1))])));
	page.push('\n' + table(['resident, MiB', 'before the load', 'when orders had ended', 'at the end', 'of which anonymous', 'peak'], PROCESSES.map((name) => {
		const at = (time) => watch.samples.filter((s) => s.at <= time && s.usage[name]).at(-1).usage[name];
		return [name, number(at(idle.at).rss), number(at(overAt).rss), number(watch.last.usage[name].rss), number(watch.last.usage[name].anonymous), number(watch.peaks[name])];
	})));
	page.push('\n## State\n');
	const sums = difference(before.state, after.state), rest = difference(before.state, pruned.state);
	const per = (value) => number((1000 * value) / settings.orders);
	const restOf = new Map(rest.rows.map((row) => [row.name, row]));
	const names = [...new Set([...sums.rows, ...rest.rows].map((row) => row.name))];
	page.push(`Keys and bytes (of keys and values) that the state has more than in block ${before.at}, before the ${number(settings.orders)} orders: when all had ended (block ${after.at}), and when they were pruned (block ${pruned.at}), with what had ended before.\n`);
	page.push(table(['item', 'keys, ended', 'bytes, ended', 'bytes per 1,000 orders', 'keys, pruned', 'bytes, pruned'], [
		...names.map((name) => {
			const a = sums.rows.find((row) => row.name === name) ?? { keys: 0, bytes: 0 }, b = restOf.get(name) ?? { keys: 0, bytes: 0 };
			return [name, number(a.keys), number(a.bytes), per(a.bytes), number(b.keys), number(b.bytes)];
		}),
		['all', number(sums.keys), number(sums.bytes), per(sums.bytes), number(rest.keys), number(rest.bytes)],
	]));
	page.push('\n' + databaseTable([[`block ${before.at}`, before.databases], ['ended', after.databases], ['pruned', pruned.databases]], settings.orders));
	page.push('\n## Blocks\n');
	page.push('Weights are reference time in parts of the block\'s two seconds; normal ones, which may have 75 % of it, of those. – : not seen alone by the watch, which looks twice a second.\n');
	page.push(table(BLOCK_HEADS, Object.values(sections).flatMap((blocks) => blockRows(blocks, made, imported))));
	write(settings.report, page.join('\n'));
	await api.disconnect();
}

main().then(() => process.exit(0), (error) => {
	console.error(`bench/chain/load.js: ${error.stack ?? error}`);
	process.exit(1);
});
