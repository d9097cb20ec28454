// All that users and operators do goes through `gateway`; the worker's key and prover are at `home` alone.
'use strict';

const { check, connect, nobodyIsPunished, rpc, say } = require('./lib/chain');
const { areSettled, inference, order, seller, stake } = require('./lib/market');

exports.run = async (_, network) => {
	const { alice, home, gateway } = network.nodesByName;
	const { model, operator: bob } = await seller(gateway, home);

	const api = await connect(alice);
	const key = api.createType('AccountId', (await inference(gateway, '', 'node', 'status', bob.number)).nodes[0].worker).toHex();
	check(await rpc(home, 'author_hasKey', key, 'work'), 'the worker has no key');
	for (const node of [alice, gateway]) check(!(await rpc(node, 'author_hasKey', key, 'work')), `${node.name} has the worker's key`);

	const orders = [];
	for (const [row, mode] of ['deferred', 'immediate', 'deferred', 'immediate'].entries()) {
		orders.push(await order(gateway, model, mode, row));
	}
	await areSettled(gateway, orders);
	const { amount } = await inference(gateway, '//Bob', 'account', 'claim');
	check(BigInt(amount) > 0n, 'the operator had nothing to claim');
	check((await stake(gateway, '//Bob')) === bob.stake, 'stake is missing');
	await nobodyIsPunished(api, alice);
	say(`the operator claimed ${amount} planck`);
	await api.disconnect();
};
