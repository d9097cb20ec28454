// The runtime with the feature `next-version`: other versions, extensions in another order, one more of them.
'use strict';

const fs = require('node:fs');
const { Keyring } = require('@polkadot/api');
const { blake2AsHex } = require('@polkadot/util-crypto');
const { best, check, connect, finalityGoesOn, nobodyIsPunished, say, send, within } = require('./lib/chain');
const { INF, areActive, areSettled, inference, offer, order, reaches, registerModel, stake } = require('./lib/market');
const { pause, resume, startProver } = require('./lib/processes');

// Blocks until a referendum of root's track has prepared, is decided and enacted, with a factor of two and more.
const REFERENDUM = 200;

exports.run = async (_, network) => {
	const { alice, home } = network.nodesByName;
	const file = process.env.ZOMBIENET_NEXT_RUNTIME;
	const code = fs.readFileSync(file);
	const api = await connect(alice);
	check(api.tx.referenda, 'this runtime has no pallet-referenda: build a node of a later version');
	const keyring = new Keyring({ type: 'sr25519' });

	const prover = await startProver();
	const model = await registerModel(alice);
	const bob = await offer(alice, model, { operator: '//Bob', home, prover });
	await areActive(alice, bob);

	// --- the referendum ---
	const proposer = keyring.addFromUri('//Eve');
	const call = api.tx.system.authorizeUpgrade(blake2AsHex(code, 256));
	const submitted = await send(api, proposer,
		api.tx.referenda.submit({ system: 'Root' }, { Inline: call.method.toHex() }, { After: 1 }));
	const { data: [index] } = submitted.find((event) => event.section === 'referenda' && event.method === 'Submitted');
	await send(api, proposer, api.tx.referenda.placeDecisionDeposit(index));
	for (const voter of ['//Alice', '//Charlie', '//Dave', '//Eve', '//Ferdie']) {
		await send(api, keyring.addFromUri(voter), api.tx.convictionVoting.vote(index, {
			Standard: { vote: { aye: true, conviction: 'Locked1x' }, balance: 800_000n * INF },
		}));
	}
	say(`referendum ${index} has its votes, in block ${await best(alice)}`);
	await within(REFERENDUM, alice, 'the enactment of the referendum', async () =>
		(await api.query.system.authorizedUpgrade()).isSome);
	say(`the upgrade is authorised, in block ${await best(alice)}`);

	// --- work in flight: one settled before, one drawn, one that comes after it ---
	const first = await order(alice, model, 'immediate', 0);
	await areSettled(alice, [first]);
	pause(prover.name);
	const orders = [await order(alice, model, 'immediate', 1)];
	await reaches(alice, orders[0], ['assigned'], 60);
	const before = await inference(alice, '', 'chain', 'status');
	orders.push(await order(alice, model, 'deferred', 2));
	// Nobody signs it: anybody may deliver what is authorised, and the chain takes operational calls of few signers only.
	await api.tx.system.applyAuthorizedUpgrade(`0x${code.toString('hex')}`).send();
	await within(30, alice, 'the new runtime', async () =>
		(await api.rpc.state.getRuntimeVersion()).specVersion.gtn(before.spec_version));
	resume(prover.name);
	say(`the runtime is replaced, in block ${await best(alice)}`);

	// --- programs of the version before go on ---
	const later = await order(alice, model, 'immediate', 3);
	await areSettled(alice, [...orders, later]);
	await finalityGoesOn(alice, 10, 80);
	const { amount } = await inference(alice, '//Bob', 'account', 'claim');
	check(BigInt(amount) > 0n, 'the operator had nothing to claim');
	check((await stake(alice, '//Bob')) === bob.stake, 'stake is missing');
	await api.disconnect();
	const after = await connect(alice);
	await nobodyIsPunished(after, alice);
	await after.disconnect();
};
