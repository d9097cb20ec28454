// Signs transactions before they are needed, and submits them as fast as a node takes them.
'use strict';

const { WsProvider } = require('@polkadot/api');
const { check, rpc, sleep } = require('../../zombienet/lib/chain');

// Blocks that a transaction lives: longer than any phase, and shorter than the hashes that the chain keeps (2,400).
const LIFE = 1024;
// Connections; each takes the transactions of its accounts, one at a time of each account, so that nonces come in order.
const CONNECTIONS = 4;
// The pool is full, or has no room for one of this priority: it has after the next block.
const FULL = /Immediately Dropped|pool.*full|1016/i;
// It is there already, from before a restart or by another node.
const KNOWN = /Already Imported|1013|Priority is too low|1014|outdated|stale|1012/i;

/** What signing needs, from the latest final block of a node. */
async function signingOptions(api, node) {
	const blockHash = await rpc(node, 'chain_getFinalizedHead');
	const current = Number((await rpc(node, 'chain_getHeader', blockHash)).number);
	return {
		blockHash, era: api.registry.createTypeUnsafe('ExtrinsicEra', [{ current, period: LIFE }]),
		genesisHash: api.genesisHash, runtimeVersion: api.runtimeVersion, signedExtensions: api.registry.signedExtensions,
	};
}

/** Signs a call; returns the transaction in hex. */
function sign(call, account, nonce, options) {
	return call.sign(account, { ...options, nonce }).toHex();
}

/**
 * Signs calls of each account with nonces from `nonces` on, which it raises. `calls` makes the call number `i` of an
 * account. Pauses now and then, so that what else this process does goes on.
 */
async function presign(accounts, count, nonces, options, calls) {
	const queues = accounts.map(() => []);
	for (let i = 0; i < count; i++) {
		const a = i % accounts.length;
		const account = accounts[a];
		queues[a].push(sign(calls(account, i), account, nonces.get(account.address), options));
		nonces.set(account.address, nonces.get(account.address) + 1);
		if (i % 20 === 0) await sleep(0);
	}
	return queues;
}

/** Submits the queues of all accounts at once; returns how many, in which time, and how often the pool was full. */
async function submitAll(nodes, queues) {
	const providers = Array.from({ length: CONNECTIONS }, (_, i) => new WsProvider(nodes[i % nodes.length].wsUri));
	await Promise.all(providers.map((provider) => provider.isReady));
	const began = Date.now();
	let sent = 0, full = 0;
	await Promise.all(queues.map(async (queue, a) => {
		const provider = providers[a % CONNECTIONS];
		for (const transaction of queue) {
			for (;;) {
				try {
					await provider.send('author_submitExtrinsic', [transaction]);
					sent++;
					break;
				} catch (error) {
					check(FULL.test(error.message), `a transaction was refused: ${error.message}`);
					full++;
					await sleep(500);
				}
			}
		}
	}));
	const ms = Date.now() - began;
	await Promise.all(providers.map((provider) => provider.disconnect()));
	return { sent, ms, full };
}

module.exports = { FULL, KNOWN, presign, sign, signingOptions, submitAll };
