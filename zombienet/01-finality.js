// Every validator makes blocks and votes; what is final is the same everywhere.
'use strict';

const { Keyring } = require('@polkadot/api');
const { authors, check, finalised, finalityGoesOn, rpc, say, within } = require('./lib/chain');

const VALIDATORS = ['alice', 'bob', 'charlie', 'dave'];

exports.run = async (_, network) => {
	const nodes = network.nodesByName;
	const { gateway, alice } = nodes;
	const others = Object.keys(nodes).length - 1;

	await within(60, alice, 'all nodes as peers', async () =>
		(await rpc(gateway, 'system_health')).peers === others);
	await finalityGoesOn(gateway, 10, 60);

	// Who is missing among those that voted in a round, as it was asked: over some rounds nobody is.
	const keyring = new Keyring({ type: 'ed25519' });
	const voters = VALIDATORS.map((name) => keyring.addFromUri(`//${name[0].toUpperCase()}${name.slice(1)}`).address);
	const voted = new Set();
	const { state } = await within(200, alice, 'votes of all four validators', async () => {
		const { best: state } = await rpc(alice, 'grandpa_roundState');
		const missing = new Set(state.prevotes.missing);
		for (const voter of voters) if (!missing.has(voter)) voted.add(voter);
		return voted.size === voters.length && { state };
	});
	check(state.totalWeight === 4 && state.thresholdWeight === 3,
		`GRANDPA has weight ${state.totalWeight} and threshold ${state.thresholdWeight}, not 4 and 3`);

	// A validator is drawn for a quarter of the slots: 200 blocks without one of four are no chance.
	const seen = new Set();
	let next = 1;
	await within(200, alice, 'blocks of all four validators', async () => {
		const { number } = await finalised(alice);
		for (const author of await authors(alice, next, number)) seen.add(author);
		next = number + 1;
		return seen.size === VALIDATORS.length;
	});

	const { number } = await finalised(gateway);
	const hashes = new Set();
	for (const node of Object.values(nodes)) {
		await within(60, node, `block ${number} final at ${node.name}`, async () => (await finalised(node)).number >= number);
		hashes.add(await rpc(node, 'chain_getBlockHash', number));
	}
	check(hashes.size === 1, `block ${number} is final as ${hashes.size} different blocks`);
	say(`block ${number} is final at all ${others + 1} nodes; all four validators voted and made blocks`);
};
