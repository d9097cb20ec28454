// The newcomer stakes most, so the election takes it and leaves out one of four. Then a second node gets the keys of an
// elected validator: both make blocks in the same slots, which other validators see and report.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { Keyring } = require('@polkadot/api');
const { best, check, connect, events, finalised, finalityGoesOn, nameOf, punishments, rpc, say, send, within } = require('./lib/chain');
const { INF } = require('./lib/market');
const { addNode, run } = require('./lib/processes');

// Blocks of an era, as 05-staking.toml has it.
const ERA = 60;

exports.run = async (_, network) => {
	const { alice, newcomer } = network.nodesByName;
	const api = await connect(alice);
	check(api.tx.staking, 'this runtime has no pallet-staking: build a node of a later version');
	const keyring = new Keyring({ type: 'sr25519' });
	const stash = keyring.addFromUri('//Ferdie');
	const elected = async () => (await api.query.session.validators()).map(String);
	const genesis = await elected();
	check(genesis.length === 4 && !genesis.includes(stash.address), `validators at genesis: ${genesis}`);

	// --- it joins ---
	const generated = await rpc(newcomer, 'author_rotateKeysWithOwner', `0x${Buffer.from(stash.publicKey).toString('hex')}`);
	await send(api, stash, api.tx.staking.bond(50_000n * INF, 'Staked'));
	await send(api, stash, api.tx.session.setKeys(generated.keys, generated.proof));
	await send(api, stash, api.tx.staking.validate({ commission: 0, blocked: false }));
	say(`the newcomer has bonded, in block ${await best(alice)}`);
	await within(5 * ERA, alice, 'the election of the newcomer', async () => (await elected()).includes(stash.address));
	const set = await elected();
	const chosen = await best(alice);
	check(set.length === 4, `${set.length} validators are elected, not 4`);
	say(`the newcomer is a validator, in block ${chosen}; left out: ${genesis.filter((who) => !set.includes(who))}`);
	await within(2 * ERA, alice, 'a block of the newcomer', async () => {
		const header = await api.derive.chain.getHeader(await api.rpc.chain.getBlockHash());
		return header.author?.toString() === stash.address && header.number.toNumber() > chosen;
	});
	await finalityGoesOn(alice, 10, 80);
	check((await punishments(api, alice)).length === 0, 'somebody was punished before anybody equivocated');

	// --- another equivocates ---
	const culprit = ['bob', 'charlie', 'dave'].find((name) => set.includes(stashOf(keyring, name).address));
	const offender = stashOf(keyring, culprit).address;
	const bonded = (await api.query.staking.ledger(offender)).unwrap().active.toBigInt();
	const folder = path.join(run, 'network', 'twin', 'chains');
	fs.mkdirSync(folder, { recursive: true });
	const chain = path.join(run, 'network', culprit, 'data', 'chains');
	for (const id of fs.readdirSync(chain)) {
		fs.cpSync(path.join(chain, id, 'keystore'), path.join(folder, id, 'keystore'), { recursive: true });
	}
	await addNode(network, 'twin', [alice, newcomer], ['--validator', '--force-authoring', '--unsafe-force-node-key-generation']);
	say(`a second node has the keys of ${culprit}, in block ${await best(alice)}`);
	// Each block once: to read all of them again and again takes longer than they do.
	const seen = [];
	let next = (await finalised(alice)).number;
	const named = (name) => async () => {
		const { number } = await finalised(alice);
		seen.push(...(await events(api, alice, ({ section }) => ['offences', 'staking'].includes(section), next, number)));
		next = Math.max(next, number + 1);
		const found = seen.filter(({ event }) => nameOf(event) === name);
		return found.length > 0 && found;
	};
	await within(4 * ERA, alice, 'the report of an equivocation', named('offences.Offence'));
	const [reported] = await within(40, alice, 'the report to staking', named('staking.SlashReported'));
	check(reported.event.data[0].toString() === offender, `${reported.event.data[0]} is reported, and not ${offender}`);
	say(`reported in block ${reported.block}: ${JSON.stringify(reported.event.data.toHuman())}`);

	const slashes = await within(5 * ERA, alice, 'the slash', named('staking.Slashed'));
	check(slashes.every(({ event }) => event.data[0].toString() === offender), 'somebody else was slashed, too');
	// The twin goes on, and each era has a slash of its own: this is the first one.
	const { block } = slashes[0];
	const lost = slashes.reduce((sum, slash) => sum + (slash.block === block ? slash.event.data[1].toBigInt() : 0n), 0n);
	const left = (await api.query.staking.ledger.at(await rpc(alice, 'chain_getBlockHash', block), offender)).unwrap().active.toBigInt();
	check(lost > 0n && left === bonded - lost, `${offender} had ${bonded}, was slashed ${lost} and has ${left}`);
	await finalityGoesOn(alice, 10, 80);
	say(`slashed in block ${block}: ${lost} of ${bonded} planck`);
	await api.disconnect();
};

/** The account that zombienet stakes with for a node. */
const stashOf = (keyring, name) => keyring.addFromUri(`//${name[0].toUpperCase()}${name.slice(1)}//stash`);
