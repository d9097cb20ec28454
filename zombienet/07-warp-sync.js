// Nobody has the first blocks any more, so that a node that came late can only get here by proofs of finality.
'use strict';

const { best, check, finalised, finalityGoesOn, rpc, say, within } = require('./lib/chain');
const { addNode, logOf } = require('./lib/processes');

// Blocks before the new node comes: three times what is kept.
const OLD = 100;
const CODE = '0x3a636f6465'; // the runtime's key, ":code"
const PAGE = 1000;

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

	// As most are started: it keeps the bodies of all blocks that it imports, and must not insist on those that nobody has.
	const late = await addNode(network, 'late', nodes, ['--sync', 'warp']);
	await within(120, alice, `finality of block ${before.number} at the new node`, async () =>
		(await finalised(late)).number >= before.number);
	say(`the new node knows block ${(await finalised(late)).number} as final, of ${await best(alice)}`);
	check(/Warp sync is complete/.test(logOf('late')), 'the new node got here otherwise than by warp sync');
	const final = await finalityGoesOn(late, 10, 80);

	// The same block, and all of its state, keys and values.
	check((await rpc(alice, 'chain_getBlockHash', final.number)) === final.hash, `block ${final.number} is another one at alice`);
	const [one, other] = await Promise.all([alice, late].map((node) => stateOf(node, final.hash)));
	check(one.length > 100 && JSON.stringify(one) === JSON.stringify(other), `the states of block ${final.number} differ`);
	say(`the new node follows finality, to block ${final.number}, with the same state of ${one.length} keys`);
};

/** All keys of a block's state with their values; of the code its hash. */
async function stateOf(node, hash) {
	const state = [[CODE, await rpc(node, 'state_getStorageHash', CODE, hash)]];
	for (let last = null; ;) {
		const keys = await rpc(node, 'state_getKeysPaged', '0x', PAGE, last, hash);
		const [{ changes }] = await rpc(node, 'state_queryStorageAt', keys.filter((key) => key !== CODE), hash);
		state.push(...changes);
		if (keys.length < PAGE) return state;
		last = keys.at(-1);
	}
}
