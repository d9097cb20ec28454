// What a node says of its chain. How long something takes is counted in blocks: a busy machine only takes longer.
'use strict';

const { ApiPromise, WsProvider } = require('@polkadot/api');

// A chain that makes no block for so long does not go on by itself.
const STANDSTILL_MS = 240_000;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Says how far the test is; scripts/zombienet shows these lines. */
function say(text) {
	console.log(`:: ${text}`);
}

function check(holds, what) {
	if (!holds) throw new Error(what);
}

/** Asks a node by JSON-RPC; over HTTP, so that one that is gone or stopped is noticed. */
async function rpc(node, method, ...params) {
	const answer = await fetch(node.wsUri.replace('ws://', 'http://'), {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
		signal: AbortSignal.timeout(20_000),
	});
	const { result, error } = await answer.json();
	if (error) throw new Error(`${node.name}, ${method}: ${error.message} ${error.data ?? ''}`);
	return result;
}

const numberOf = (header) => Number(header.number);
/** The number of a node's best block. */
const best = async (node) => numberOf(await rpc(node, 'chain_getHeader'));
/** Number and hash of the latest block that a node knows to be final. */
async function finalised(node) {
	const hash = await rpc(node, 'chain_getFinalizedHead');
	return { number: numberOf(await rpc(node, 'chain_getHeader', hash)), hash };
}

/**
 * Repeats `ask` until it gives something, while the chain, as `node` sees it, grows by `blocks` blocks at most.
 * An error of `ask` is no answer; the last one is reported if nothing else comes.
 */
async function within(blocks, node, what, ask) {
	let first = null, last = null, since = Date.now(), error = '';
	for (;;) {
		let before = last;
		try {
			before = await best(node);
			first ??= before;
			const found = await ask();
			if (found) return found;
			error = '';
		} catch (caught) {
			if (caught.final) throw caught;
			error = `; last: ${caught.message}`;
		}
		check(first === null || before <= first + blocks, `${what}: not within ${blocks} blocks (${first} to ${before})${error}`);
		if (last === null || before > last) [last, since] = [before, Date.now()];
		check(Date.now() - since < STANDSTILL_MS, `${what}: ${node.name} sees no block after ${last}${error}`);
		await sleep(700);
	}
}

/** Waits until `node` knows `more` further blocks as final, while it (or `by`, if it is behind) sees at most `blocks` new ones. */
async function finalityGoesOn(node, more, blocks, by = node) {
	const from = (await finalised(node)).number;
	return within(blocks, by, `${more} further final blocks at ${node.name}`, async () => {
		const now = await finalised(node);
		return now.number >= from + more && now;
	});
}

/** The validator's index in its session that made a block, from the block's BABE digest. */
function authorOf(header) {
	for (const log of header.digest.logs) {
		const bytes = Buffer.from(log.slice(2), 'hex');
		// A pre-runtime digest of the engine "BABE": length, kind of slot, index.
		if (bytes[0] === 6 && bytes.toString('latin1', 1, 5) === 'BABE') {
			const at = 5 + [1, 2, 4][bytes[5] & 3];
			return bytes.readUInt32LE(at + 1);
		}
	}
	throw new Error(`block ${header.number} has no BABE digest`);
}

/** Authors of the blocks from one number to another. */
async function authors(node, from, to) {
	const found = new Set();
	for (let number = from; number <= to; number++) {
		const hash = await rpc(node, 'chain_getBlockHash', number);
		found.add(authorOf(await rpc(node, 'chain_getHeader', hash)));
	}
	return found;
}

/** A connection that decodes by the chain's metadata. */
async function connect(node) {
	const api = await ApiPromise.create({ provider: new WsProvider(node.wsUri), noInitWarn: true, throwOnConnect: true });
	return api;
}

/** The service clock, in the best block: its tick, and whether it runs. */
async function clock(api) {
	const [tick, held, stopped] = await Promise.all([
		api.query.networkParameters.serviceClock(),
		api.query.networkParameters.held(),
		api.query.networkParameters.stopped(),
	]);
	return { tick: Number(tick.toString()), runs: !held.isTrue && !stopped.isTrue };
}

/**
 * Sends a transaction and waits for its block; returns the events. Fails with the chain's own name of an error. Again, if
 * the account's transaction before is in the pool once more because its block is not the best one any more (1014, priority
 * too low; 1010, outdated): the node then may say a number that is taken.
 */
async function send(api, signer, call, options = {}) {
	for (let tries = 0; ; tries++) {
		try {
			return await sendOnce(api, signer, call, options);
		} catch (error) {
			if (tries === 5 || !/\b1014\b|outdated/i.test(error.message)) throw error;
			await sleep(2000);
		}
	}
}

function sendOnce(api, signer, call, options) {
	return new Promise((resolve, reject) => {
		call
			.signAndSend(signer, { nonce: -1, ...options }, ({ status, events, dispatchError, isError }) => {
				if (dispatchError) {
					const { isModule, asModule } = dispatchError;
					const named = isModule ? api.registry.findMetaError(asModule) : null;
					reject(new Error(named ? `${named.section}.${named.name}` : dispatchError.toString()));
				} else if (status.isInBlock) resolve(events.map(({ event }) => event));
				else if (isError) reject(new Error(`the transaction ended as ${status.type}`));
			})
			.catch(reject);
	});
}

/** Events of final blocks that `pick` wants, as {block, event}: of all, or from one to another. The node must keep all states. */
async function events(api, node, pick, from = 1, to = undefined) {
	const last = to ?? (await finalised(node)).number;
	const found = [];
	for (let number = from; number <= last; number++) {
		const hash = await rpc(node, 'chain_getBlockHash', number);
		for (const { event } of await api.query.system.events.at(hash)) {
			if (pick(event)) found.push({ block: number, event });
		}
	}
	return found;
}

// What no honest worker may see, and no validator.
const PUNISHMENTS = new Set([
	'workerStaking.BondSlashed', 'workerStaking.ProofStakeSlashed', 'inferenceMarket.DeliveryMissed',
	'inferenceMarket.ProofMissed', 'inferenceMarket.SlashDelayed', 'inferenceMarket.DelayedSlashTaken',
	'inferenceMarket.BreakerTripped', 'nodePool.NodeSuspended', 'staking.Slashed', 'staking.SlashReported',
	'offences.Offence',
]);
const nameOf = (event) => `${event.section}.${event.method}`;
/** Punishments in all final blocks. */
const punishments = async (api, node) =>
	(await events(api, node, (event) => PUNISHMENTS.has(nameOf(event)))).map(
		({ block, event }) => `block ${block}: ${nameOf(event)} ${JSON.stringify(event.data.toHuman())}`,
	);
async function nobodyIsPunished(api, node) {
	const head = await best(node);
	await within(60, node, `finality of block ${head}`, async () => (await finalised(node)).number >= head);
	for (const name of PUNISHMENTS) {
		const [section, method] = name.split('.');
		check(api.events[section]?.[method], `this runtime has no event ${name}: it would not be seen`);
	}
	const found = await punishments(api, node);
	check(found.length === 0, `somebody was punished: ${found.join('; ')}`);
}

module.exports = {
	authors, best, check, clock, connect, events, finalised, finalityGoesOn, nameOf, nobodyIsPunished, punishments, rpc,
	say, send, sleep, within,
};
