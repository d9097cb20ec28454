// A steady stream of orders of one account while scripts/bench-chain stops, kills and starts the processes; then what
// must hold.
'use strict';

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { u8aToHex } = require('@polkadot/util');
const { best, check, connect, finalised, finalityGoesOn, rpc, say, sleep, within } = require('../../zombienet/lib/chain');
const { BUYER } = require('../../zombienet/lib/market');
const { areOver, home, open, orderCall, patterns, serves, settings, validator } = require('./market');
const { databaseTable, heading, load5, number, table, write } = require('./report');
const { KNOWN, sign, signingOptions } = require('./transactions');
const { Watch, databaseBytes, slope } = require('./watch');

const PROCESSES = ['validator', 'node', 'prover'];
const MODELS = 1, OUTSTANDING = 100;
// After so long an order that no block has is submitted again: its pool died with its node.
const AGAIN_MS = 4 * 1000 * settings.blockSeconds;
// Of the stream: the processes are left alone in the last part, in which their memory must not grow.
const QUIET_PART = 0.4;
// Least time for which a slope says something, and most that it may be: caches fill slowly, a leak of a kilobyte a
// request does not.
const JUDGED_MINUTES = 8, MOST_SLOPE = 3;
const run = process.env.ZOMBIENET_RUN;
const has = (file) => fs.existsSync(path.join(run, file));
const databases = () => Object.fromEntries(['validator', 'node'].map((name) => [name, databaseBytes(name)]));

/** The nonce of an account in the best block, over HTTP, so that no connection has to outlive the node. */
async function nonceOf(account) {
	const answer = await rpc(validator, 'state_call', 'AccountNonceApi_account_nonce', u8aToHex(account.publicKey));
	return Buffer.from(answer.slice(2), 'hex').readUInt32LE(0);
}

/** Gives orders at a steady rate until it is told to stop; each is in a block then. */
async function stream({ api }, account, calls) {
	const first = await nonceOf(account), pending = new Map();
	let options = await signingOptions(api, validator), nonce = first, again = 0, refused = 0;
	const submit = async (order, node) => {
		order.at = Date.now();
		try {
			await rpc(node, 'author_submitExtrinsic', order.hex);
		} catch (error) {
			// A node that is down takes it later; what a node refuses for another reason is wrong.
			if (/Invalid/.test(error.message) && !KNOWN.test(error.message)) throw error;
			refused++;
		}
	};
	const stopAt = () => has('stop');
	let due = Date.now(), looked = 0;
	while (!stopAt() || pending.size > 0) {
		if (!stopAt() && Date.now() >= due) {
			const order = { hex: sign(orderCall(api, calls, nonce), account, nonce, options), nonce };
			pending.set(nonce, order);
			// Users have nodes of their own: every other order comes by the operator's.
			await submit(order, nonce % 2 ? validator : home);
			nonce++;
			due += 60_000 / settings.ordersAMinute;
		}
		if (Date.now() - looked > 3000) {
			looked = Date.now();
			try {
				const reached = await nonceOf(account);
				for (const known of [...pending.keys()]) if (known < reached) pending.delete(known);
				if ((nonce - first) % 100 < 10) options = await signingOptions(api, validator);
			} catch {
				continue; // the validator is down
			}
			for (const order of [...pending.values()].slice(0, 20)) {
				if (Date.now() - order.at < AGAIN_MS) continue;
				await submit(order, validator);
				again++;
			}
		}
		await sleep(100);
	}
	return { orders: nonce - first, again, refused };
}

/** Reads every event and every balance: scripts/audit-chain. */
function audit(buyer, worker) {
	return new Promise((resolve, reject) => {
		execFile('scripts/audit-chain', ['audit', buyer, worker], { env: { ...process.env, INFERENCE_URL: validator.wsUri }, maxBuffer: 2 ** 28 },
			(error, stdout, stderr) => {
				try {
					resolve(JSON.parse(stdout));
				} catch {
					reject(new Error(`scripts/audit-chain: ${stderr || error}`));
				}
			});
	});
}

async function main() {
	const loads = [load5()];
	const watch = new Watch({ processes: PROCESSES, ports: settings.ports });
	const market = await open({ models: MODELS, outstanding: OUTSTANDING });
	const account = market.keyring.addFromUri(BUYER), worker = market.keyring.addFromUri('//Bob//worker');
	const calls = await patterns(market);
	await serves(market);
	await areOver(market, 300);

	// --- the stream ---
	const before = { databases: databases(), block: await best(validator), at: Date.now() };
	fs.writeFileSync(path.join(run, 'streaming'), '');
	say(`orders from block ${before.block} on, ${settings.ordersAMinute} a minute for ${settings.minutes} minutes`);
	const streamed = await stream(market, account, calls);
	const stopped = Date.now();
	say(`${streamed.orders} orders are in blocks, ${streamed.again} submissions were tried again`);
	await market.api.disconnect();
	market.api = await connect(validator);
	await areOver(market, 600);
	const after = { databases: databases(), block: await best(validator), at: Date.now() };
	await watch.stop();

	// --- what must hold ---
	const checks = [];
	const holds = (what, ok, found) => {
		checks.push({ what, ok, found });
		say(`${ok ? 'ok    ' : 'FAILED'} ${what}${found === undefined ? '' : `: ${found}`}`);
	};
	await finalityGoesOn(validator, 5, 20);
	const final = await finalised(home);
	const same = await within(20, validator, 'the block at both nodes', async () => rpc(validator, 'chain_getBlockHash', final.number));
	holds('finality goes on, and both nodes have the same final block', same === final.hash, `block ${final.number}`);
	const states = {};
	for (const [, value] of await market.api.query.inferenceMarket.workloads.entries()) {
		const { state, attempts } = value.unwrap();
		const kind = `${state.type}, drawn ${attempts.toString()} times`;
		states[kind] = (states[kind] ?? 0) + 1;
	}
	const there = Object.values(states).reduce((a, b) => a + b, 0);
	holds('each order is on chain once', there === streamed.orders + calls.length, `${streamed.orders} streamed, ${calls.length} before; ${JSON.stringify(states)}`);
	const audited = await audit(u8aToHex(account.publicKey), u8aToHex(worker.publicKey));
	for (const { check: what, ok, left, right, found } of audited.checks) {
		holds(`audit-chain: ${what}`, ok, ok ? undefined : JSON.stringify({ left, right, found }).slice(0, 500));
	}

	// --- memory: the last part, in which nobody restarted anything ---
	const quietFrom = before.at + settings.minutes * 60_000 * (1 - QUIET_PART) + 30_000;
	const minutes = (stopped - quietFrom) / 60_000, judged = minutes >= JUDGED_MINUTES;
	const memory = PROCESSES.map((name) => {
		const samples = watch.samples.filter(({ at, usage }) => at >= quietFrom && at <= stopped && usage[name]);
		check(new Set(samples.map(({ usage }) => usage[name].pid)).size === 1, `${name} restarted in the quiet part`);
		const of = (part) => slope(samples.map(({ at, usage }) => [at / 60_000, usage[name][part]]));
		// The cache of the state fills up to its bound (--trie-cache-size, 1 GiB): it is no leak.
		const cached = samples.filter(({ metrics }) => name === 'prover' || metrics[name]?.stateCache !== undefined);
		const own = slope(cached.map(({ at, usage, metrics }) => [at / 60_000, usage[name].anonymous - (metrics[name]?.stateCache ?? 0) / 2 ** 20]));
		return { name, own, resident: of('rss'), anonymous: of('anonymous'), first: samples[0].usage[name], last: samples.at(-1).usage[name], peak: watch.peaks[name] };
	});
	for (const { name, own } of memory) {
		if (judged) holds(`memory of the ${name} without its state cache does not grow by more than ${MOST_SLOPE} MiB a minute`, own <= MOST_SLOPE, `${own.toFixed(2)} MiB a minute`);
		else say(`memory of the ${name} without its state cache: ${own.toFixed(2)} MiB a minute; ${minutes.toFixed(1)} minutes are too short for a judgement`);
	}

	// --- the page ---
	const restarts = fs.readFileSync(path.join(run, 'restarts'), 'utf8').trim().split('\n').map((line) => line.split(' '));
	const page = [heading('A soak', settings, [...loads, load5()])];
	page.push(`${streamed.orders} orders of one account, ${settings.ordersAMinute} a minute for ${settings.minutes} minutes, half of them by either node, every other proven with its output, ` +
		`the others after it. Blocks of ${settings.blockSeconds} s. The processes were restarted in the first ${100 - QUIET_PART * 100} % of the time, and left alone afterwards.\n`);
	page.push(table(['', ''], [
		['blocks', `${before.block} to ${after.block}`], ['submissions tried again, of orders that no block had after four slots', streamed.again],
		['submissions that failed: the node was down, or had the order', streamed.refused],
		['workloads by end', Object.entries(states).map(([kind, n]) => `${n} ${kind}`).join('; ')],
		['blocks from order to end', audited.blocks_to_end && Object.entries(audited.blocks_to_end).map(([k, v]) => `${k} ${v}`).join(', ')],
		['transactions of the worker in blocks, needed, failed', [audited.worker_calls.in_blocks, audited.worker_calls.needed, audited.worker_calls.failed.length].join(', ')],
		['checks that hold', `${checks.filter(({ ok }) => ok).length} of ${checks.length}`],
	]));
	page.push('\n## Restarts\n');
	page.push(table(['s after the begin', 'process', 'signal', 'at work again after, s'], restarts.map(([at, name, signal, took]) => [at, name, signal, took])));
	page.push(`\n## Memory\n\nIn the ${minutes.toFixed(1)} minutes without restarts, MiB; the slope by least squares over ${watch.samples.filter(({ at }) => at >= quietFrom && at <= stopped).length} samples` +
		`${judged ? `; without the state cache it may be ${MOST_SLOPE} at most` : `, not judged: that takes ${JUDGED_MINUTES} minutes`}. The prover's counts its engine processes.\n`);
	page.push(table(['', 'resident, first', 'last', 'a minute', 'anonymous, first', 'last', 'a minute', 'without state cache, a minute', 'peak of a life'], memory.map(({ name, own, resident, anonymous, first, last, peak }) =>
		[name, number(first.rss), number(last.rss), number(resident, 2), number(first.anonymous), number(last.anonymous), number(anonymous, 2), number(own, 2), number(peak)])));
	page.push('\n## Databases\n');
	page.push(databaseTable([['before', before.databases], ['after', after.databases]], streamed.orders));
	page.push('\nWith all that the blocks hold besides: the growth is divided by the orders.\n\n## Checks\n');
	page.push(checks.map(({ what, ok, found }) => `- ${ok ? 'holds' : 'FAILS'}: ${what}${ok || found === undefined ? '' : `: \`${found}\``}`).join('\n'));
	write(settings.report, page.join('\n'));
	await market.api.disconnect();
	check(checks.every(({ ok }) => ok), 'something does not hold, see above');
}

main().then(() => process.exit(0), (error) => {
	console.error(`bench/chain/soak.js: ${error.stack ?? error}`);
	process.exit(1);
});
