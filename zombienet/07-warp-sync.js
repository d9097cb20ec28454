// Nobody has the first blocks any more, so that a node that came late can only get here by proofs of finality.
'use strict';

const { best, check, finalised, finalityGoesOn, rpc, say, within } = require('./lib/chain');
const { addNode, logOf } = require('./lib/processes');

// Blocks before the new node comes: three times what is kept.
const OLD = 100;
const CODE = '0x3a636f6465'; // the runtime's key, ":code"

exports.run = async (_, network) => {
	const nodes = Object.values(network.nodesByName), { alice } = network.nodesByName;
	await within(2 * OLD, alice, `block ${OLD}, final`, async () => (await finalised(alice)).number >= OLD);
	// A block that has a justification stays: of these the first that a node saw final, which need not be the same one everywhere.
	const early = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((number) => rpc(alice, 'chain_getBlockHash', number)));
	for (const node of nodes) {
		await within(60, node, `the pruning of the first ${early.length} blocks at ${node.name}`, async () => {
			const blocks = await Promise.all(early.map((hash) => rpc(node, 'chain_getBlock', hash)));
			return blocks.filter((block) => block !== null).length <= 1;
		});
	}
	const before = await finalised(alice);
	say(`the first blocks are pruned everywhere, at block ${before.number}`);

	// Without pruning it asks for the bodies of all old blocks, too, which nobody has, and follows no new ones meanwhile.
	const late = await addNode(network, 'late', nodes, ['--sync', process.env.ZOMBIENET_SYNC ?? 'warp', '--blocks-pruning=32']);
	await within(120, alice, `finality of block ${before.number} at the new node`, async () =>
		(await finalised(late)).number >= before.number);
	say(`the new node knows block ${(await finalised(late)).number} as final, of ${await best(alice)}`);
	check(/Warp sync is complete/.test(logOf('late')), 'the new node got here otherwise than by warp sync');
	const final = await finalityGoesOn(late, 10, 80);

	// The same block, and all of its state.
	check((await rpc(alice, 'chain_getBlockHash', final.number)) === final.hash, `block ${final.number} is another one at alice`);
	const states = await Promise.all([alice, late].map(async (node) => JSON.stringify([
		await rpc(node, 'state_getStorageHash', CODE, final.hash),
		await rpc(node, 'state_getKeysPaged', '0x', 1000, null, final.hash),
	])));
	check(states[0] === states[1], `the states of block ${final.number} differ`);
	say(`the new node follows finality, to block ${final.number}, with the same state`);
};
