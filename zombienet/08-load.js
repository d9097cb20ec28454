// The command line orders each row once; twenty accounts then repeat those calls until there are 500 orders.
'use strict';

const { Keyring } = require('@polkadot/api');
const { best, check, connect, nobodyIsPunished, rpc, say, send, sleep } = require('./lib/chain');
const { BUYER, ENDED, INF, areActive, areSettled, callsOf, fixture, inference, offer, order, registerModel, stake } = require('./lib/market');
const { startProver } = require('./lib/processes');

const ORDERS = 500, ACCOUNTS = 20, ROWS = 10;
// Blocks in which no order ends, after which something hangs.
const PATIENCE = 300;
// Ticks until an output at the latest: they wait in a queue for most of it.
const DEADLINE = 2000;

exports.run = async (_, network) => {
	const { alice, bob, home } = network.nodesByName;
	const prover = await startProver();
	const model = await registerModel(alice);
	const operator = await offer(alice, model, { operator: '//Bob', home, prover });
	await areActive(alice, operator);
	const api = await connect(alice);
	const keyring = new Keyring({ type: 'sr25519' });

	// --- ten orders, whose calls the others repeat ---
	const patterns = [];
	for (let row = 0; row < Math.min(ROWS, fixture.inputs.length); row++) patterns.push(await order(alice, model, row % 2 ? 'immediate' : 'deferred', row, '--deadline', DEADLINE));
	const calls = await callsOf(api, alice, keyring.addFromUri(BUYER).address);
	check(calls.length === patterns.length, `${calls.length} orders are in blocks, not ${patterns.length}`);

	// --- accounts ---
	const accounts = Array.from({ length: ACCOUNTS }, (_, i) => keyring.addFromUri(`//Charlie//load//${i}`));
	await send(api, keyring.addFromUri('//Charlie'), api.tx.utility.batchAll(
		accounts.map(({ address }) => api.tx.balances.transferKeepAlive(address, 1000n * INF))));

	// --- five hundred orders, as fast as a node takes them ---
	const began = await best(alice), at = Date.now();
	const era = { era: 0, blockHash: api.genesisHash }; // no end of their lives: they wait as long as they must
	const signed = accounts.flatMap((account, a) => Array.from({ length: (ORDERS - patterns.length) / ACCOUNTS | 0 }, (_, nonce) =>
		({ account, nonce, call: api.tx(calls[(a + nonce) % calls.length]) })));
	// What does not divide by the number of accounts.
	for (let left = 0; signed.length < ORDERS - patterns.length; left++) {
		const nonce = signed.filter(({ account }) => account === accounts[left]).length;
		signed.push({ account: accounts[left], nonce, call: api.tx(calls[left % calls.length]) });
	}
	for (const { account, nonce, call } of signed) {
		await call.signAsync(account, { nonce, ...era });
		// Half of them at another node than the one that is asked.
		await rpc(nonce % 2 ? alice : bob, 'author_submitExtrinsic', call.toHex());
	}
	say(`${signed.length} orders are sent, in ${Date.now() - at} ms, blocks ${began} to ${await best(alice)}`);

	// --- all of them end, and settle ---
	const mine = new Set([...accounts, keyring.addFromUri(BUYER)].map(({ address }) => address));
	let ended = -1, since = await best(alice), workloads;
	for (;;) {
		workloads = (await api.query.inferenceMarket.workloads.entries()).map(([, value]) => value.unwrap())
			.filter(({ submitter }) => mine.has(submitter.toString()));
		const over = workloads.filter(({ state }) => ENDED.has(state.type.toLowerCase())).length;
		const now = await best(alice);
		if (over > ended) {
			if (Math.floor(over / 100) > Math.floor(Math.max(ended, 0) / 100)) say(`${over} of ${workloads.length} have ended, in block ${now}`);
			[ended, since] = [over, now];
		}
		if (over === ORDERS) break;
		check(now - since < PATIENCE, `${over} of ${workloads.length} orders have ended, and none since block ${since}, now ${now}`);
		await sleep(3000);
	}
	const states = {};
	for (const { state, attempts } of workloads) {
		const kind = `${state.type}, drawn ${attempts.toString()} times`;
		states[kind] = (states[kind] ?? 0) + 1;
	}
	say(`in ${(await best(alice)) - began} blocks: ${JSON.stringify(states)}`);
	check(states['Settled, drawn 1 times'] === ORDERS, `not all orders are settled at their first draw: ${JSON.stringify(states)}`);
	await areSettled(alice, patterns);

	// --- the money: what left escrow is what was paid and given back ---
	for (const { settlement: s } of workloads) {
		const [escrowed, refunded, ...paid] = [s.escrowed, s.refunded, s.worker, s.creator, s.treasury].map((x) => x.toBigInt());
		check(escrowed === refunded + paid.reduce((a, b) => a + b), `an account does not balance: ${s}`);
	}
	const { amount } = await inference(alice, '//Bob', 'account', 'claim');
	const earned = workloads.reduce((sum, { settlement }) => sum + settlement.worker.toBigInt(), 0n);
	check(BigInt(amount) === earned, `the operator earned ${earned}, and claimed ${amount}`);
	check((await stake(alice, '//Bob')) === operator.stake, 'stake is missing');
	await nobodyIsPunished(api, alice);
	await api.disconnect();
};
