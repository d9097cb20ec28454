// SIGKILL, a while without it, the same command again: its database, its keys and its vote are there.
'use strict';

const { Keyring } = require('@polkadot/api');
const { authors, best, check, connect, finalised, finalityGoesOn, rpc, say, send, within } = require('./lib/chain');
const { INF } = require('./lib/market');
const { kill, logOf, pause, restart, resume } = require('./lib/processes');

exports.run = async (_, network) => {
	const { alice, charlie, dave } = network.nodesByName;
	const keyring = new Keyring({ type: 'sr25519' });
	const somebody = keyring.addFromUri('//Somebody').address;

	// Something to lose: a payment that this node alone took, and knows to be final.
	let api = await connect(dave);
	await send(api, keyring.addFromUri('//Eve'), api.tx.balances.transferKeepAlive(somebody, 7n * INF));
	const paid = await best(dave);
	await within(60, dave, `finality of block ${paid} at dave`, async () => (await finalised(dave)).number >= paid);
	await api.disconnect();
	const before = await finalised(dave);
	const height = await best(dave);
	await kill(dave.name);
	say(`dave is killed; its best block was ${height}, its final one ${before.number}`);

	await finalityGoesOn(alice, 10, 100);
	const log = logOf(dave.name).length;
	await restart(dave);
	const known = Number(/Highest known block at #(\d+)/.exec(logOf(dave.name).slice(log))?.[1] ?? NaN);
	say(`dave runs again, and knew ${known} blocks`);
	// What had been handed to the database a moment before need not be on disk.
	check(known >= before.number - 5, `dave knew ${before.number} final blocks when it was killed, and ${known} when it started`);
	check((await rpc(dave, 'chain_getBlockHash', before.number)) === before.hash || known < before.number,
		`dave has another block ${before.number} than before`);

	const { number } = await finalised(alice);
	await within(100, alice, `finality of block ${number} at dave`, async () => (await finalised(dave)).number >= number);
	for (const node of [alice, dave]) {
		check((await rpc(node, 'chain_getBlockHash', before.number)) === before.hash,
			`block ${before.number}, final at dave before, is another one at ${node.name}`);
	}
	api = await connect(dave);
	const { data } = await api.query.system.account(somebody);
	check(data.free.toBigInt() === 7n * INF, `the payment is gone: ${data.free}`);

	// It makes blocks: some validator has made none meanwhile unless it does.
	let next = number + 1;
	const seen = new Set();
	await within(200, alice, 'blocks of all four validators', async () => {
		const final = (await finalised(alice)).number;
		for (const author of await authors(alice, next, final)) seen.add(author);
		next = final + 1;
		return seen.size === 4;
	});
	// And it votes: without a second one finality needs its vote.
	pause(charlie.name);
	await finalityGoesOn(alice, 10, 100);
	resume(charlie.name);
	say('dave makes blocks and votes');
	await api.disconnect();
};
