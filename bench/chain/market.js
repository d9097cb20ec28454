// The market that both programs load: models, an operator, accounts with money, and orders as users make them.
'use strict';

const { Keyring } = require('@polkadot/api');
const { best, check, connect, rpc, say, send, sleep, within } = require('../../zombienet/lib/chain');
const { BUYER, INF, callsOf, inference, offer, order, registerModel } = require('../../zombienet/lib/market');
const { FULL, KNOWN } = require('./transactions');

const settings = JSON.parse(process.env.BENCH_SETTINGS);
const validator = { name: 'validator', wsUri: settings.validator };
const home = { name: 'node', wsUri: settings.node };
const OPERATOR = '//Bob';
// Each sells the model: a queue takes 1,024 orders of one.
const CREATORS = ['//Dave', '//Eve', '//Ferdie'];
// Ticks until the output: longer than any run.
const DEADLINE = 2000;
// B of the chain: what a node may owe, in blocks of its capacity.
const BACKLOG = settings.parameters.parameters.backlog_bound;

/** Registers models and an operator that may owe `outstanding` orders at a time. */
async function open({ models: count, outstanding }) {
	const models = [];
	// One after another: each raises the fee that the next one is shown.
	for (const creator of CREATORS.slice(0, count)) models.push(await registerModel(validator, creator));
	say(`${models.length} models: ${models.map(({ model }) => model).join(', ')}`);
	const prover = { url: settings.prover };
	const operator = await offer(validator, models[0], { operator: OPERATOR, home, prover, loads: outstanding / BACKLOG });
	for (const { model } of models.slice(1)) {
		await inference(validator, OPERATOR, 'node', 'join', operator.number, model, '--prover-url', prover.url);
	}
	return { models, operator, api: await connect(validator), keyring: new Keyring({ type: 'sr25519' }) };
}

/** Waits until the operator serves all models. */
async function serves({ models, operator }) {
	await within(2 * operator.epoch + 10, validator, 'the operator in service', async () => {
		const { nodes } = await inference(validator, '', 'node', 'status', operator.number);
		return nodes[0].models.length === models.length;
	});
	say(`node ${operator.number} serves`);
}

/** Accounts with money, each with its nonce. */
async function fund({ api, keyring }, count) {
	const accounts = Array.from({ length: count }, (_, i) => keyring.addFromUri(`//Charlie//load//${i}`));
	await send(api, keyring.addFromUri(BUYER), api.tx.utility.batchAll(
		accounts.map(({ address }) => api.tx.balances.transferKeepAlive(address, 5000n * INF))));
	return { accounts, nonces: new Map(accounts.map(({ address }) => [address, 0])) };
}

/** One order of each model by the command line, as calls that others repeat. */
async function patterns({ api, keyring, models }) {
	for (const [row, model] of models.entries()) await order(validator, model, 'deferred', row, '--deadline', DEADLINE);
	const calls = await callsOf(api, validator, keyring.addFromUri(BUYER).address);
	check(calls.length === models.length, `${calls.length} orders are in blocks, not ${models.length}`);
	return calls;
}

/** The call number `i` made of patterns: every model in turn, half of each in either mode, at a price that always suffices. */
function orderCall(api, calls, i) {
	const pattern = calls[i % calls.length];
	const given = pattern.meta.args.map(({ name }, at) => {
		if (name.toString() === 'mode') return i % (2 * calls.length) < calls.length ? 'Deferred' : 'Immediate';
		if (name.toString() === 'max_price') return pattern.args[at].toBigInt() * 25n;
		return pattern.args[at];
	});
	return api.tx.inferenceMarket.submitWorkload(...given);
}

/**
 * Waits until blocks have all transactions of these accounts, which were submitted in these queues. A pool may lose some: it keeps
 * no more than a tenth of its limit of those whose predecessors it has not. What stands still is submitted again, as a
 * user's program would; returns how many that were.
 */
async function areIncluded({ api }, nonces, queues, what, patience = 100) {
	const addresses = [...nonces.keys()];
	let most = -1, since = 0, again = 0;
	await within(patience, validator, what, async () => {
		const reached = (await api.query.system.account.multi(addresses)).map(({ nonce }) => nonce.toNumber());
		const missing = reached.map((nonce, i) => nonces.get(addresses[i]) - nonce);
		if (missing.every((count) => count <= 0)) return true;
		const sum = reached.reduce((a, b) => a + b), now = await best(validator);
		if (sum > most) [most, since] = [sum, now];
		if (now < since + STILL_BLOCKS) return false;
		for (const [i, count] of missing.entries()) {
			for (const transaction of count > 0 ? queues[i].slice(-count) : []) {
				try {
					await rpc(validator, 'author_submitExtrinsic', transaction);
					again++;
				} catch (error) {
					if (KNOWN.test(error.message) || FULL.test(error.message)) continue;
					// Final: what waits for a state asks again after any other error.
					throw Object.assign(new Error(`a transaction was refused: ${error.message}`), { final: true });
				}
			}
		}
		since = now;
		return false;
	});
	return again;
}
// So many blocks without any of an account's transactions: they do not come by themselves.
const STILL_BLOCKS = 3;

/** Orders that have not ended, by the models' own counts. */
async function inFlight({ api, models }) {
	const found = await Promise.all(models.map(({ model }) => modelOf(api, model)));
	return found.reduce((sum, record) => sum + record.inFlight.toNumber(), 0);
}
const modelOf = async (api, reference) => {
	const [model, version] = String(reference).split('.').map(Number);
	return (await api.query.modelRegistry.models({ model, version })).unwrap();
};

/** Waits until all orders have ended; says how many are left now and then. */
async function areOver(market, patience) {
	let least = Infinity, since = Date.now(), said = 0;
	for (;;) {
		const left = await inFlight(market);
		if (left === 0) return;
		if (left < least) [least, since] = [left, Date.now()];
		check(Date.now() - since < patience * 1000, `${left} orders have not ended, and none for ${patience} s`);
		if (Date.now() - said > 30_000) {
			say(`${left} orders are in flight`);
			said = Date.now();
		}
		await sleep(3000);
	}
}

module.exports = {
	DEADLINE, areIncluded, areOver, fund, home, inFlight, open, orderCall, patterns, rpc, serves, settings, validator,
};
