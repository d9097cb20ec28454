// What blocks hold: calls, weights by class, and what of the weight is hooks.
'use strict';

const { rpc } = require('../../zombienet/lib/chain');

const nameOf = ({ section, method }) => `${section}.${method}`;
const CLASSES = ['normal', 'operational', 'mandatory'];
// A batch counts as what it holds; what failed is counted apart.
const inner = (call) => (call.section === 'utility' ? call.args[0].flatMap(inner) : [call]);

/** Reference time, ps, as a number: a block has 2e12. */
const time = (weight) => Number(weight.refTime.toString());

/** One block of a node that keeps all states. */
async function readBlock(api, node, number) {
	const hash = await rpc(node, 'chain_getBlockHash', number);
	const [{ block }, weight, events, stamp] = await Promise.all([
		api.rpc.chain.getBlock(hash), api.query.system.blockWeight.at(hash), api.query.system.events.at(hash),
		api.query.timestamp.now.at(hash),
	]);
	const { baseBlock, maxBlock, perClass } = api.consts.system.blockWeights;
	const calls = {}, failed = {};
	const add = (to, name) => (to[name] = (to[name] ?? 0) + 1);
	// What inherents weigh is mandatory, too; of the rest the base is the block's own, and what is left are hooks.
	let inherents = 0, draws = 0, prunings = 0;
	for (const { phase, event } of events) {
		if (event.section === 'inferenceMarket' && event.method === 'WorkloadAssigned') draws++;
		if (event.section === 'inferenceMarket' && event.method === 'WorkloadPruned') prunings++;
		if (!phase.isApplyExtrinsic || event.section !== 'system' || !/^Extrinsic(Success|Failed)$/.test(event.method)) continue;
		const { method } = block.extrinsics[phase.asApplyExtrinsic.toNumber()];
		const { dispatchInfo: info, dispatchError: error } = event.data;
		if (info.class.isMandatory) inherents += time(info.weight) + time(perClass.mandatory.baseExtrinsic);
		else if (event.method === 'ExtrinsicSuccess') inner(method).forEach((call) => add(calls, nameOf(call)));
		else add(failed, `${nameOf(method)}: ${error.isModule ? api.registry.findMetaError(error.asModule).name : error.type}`);
	}
	const bytes = block.extrinsics.reduce((sum, extrinsic) => sum + extrinsic.encodedLength, 0);
	const used = Object.fromEntries(CLASSES.map((name) => [name, time(weight[name])]));
	return {
		number, at: Number(stamp.toString()), calls, failed, draws, prunings, bytes, used, most: time(maxBlock),
		mostNormal: time(perClass.normal.maxTotal.unwrap()),
		hooks: used.mandatory - time(baseBlock) - inherents,
		proofSize: CLASSES.reduce((sum, name) => sum + Number(weight[name].proofSize.toString()), 0),
	};
}

/** Blocks from one number to another. */
async function readBlocks(api, node, from, to) {
	const found = [];
	for (let number = from; number <= to; number++) found.push(await readBlock(api, node, number));
	return found;
}

module.exports = { readBlock, readBlocks };
