// The first worker is kept from delivering, and killed once an order is drawn for it. Only its operator pays.
'use strict';

const { check, connect, nameOf, events, say } = require('./lib/chain');
const { areActive, areSettled, inference, offer, order, reaches, registerModel, stake } = require('./lib/market');
const { kill, pause, startProver } = require('./lib/processes');

// Each order goes to one of two workers with the same weight: all to the other has a chance of one in a thousand.
const MOST_ORDERS = 10;

exports.run = async (_, network) => {
	const { alice, first, second } = network.nodesByName;
	const provers = [await startProver(0), await startProver(1)];
	const model = await registerModel(alice);
	const lost = await offer(alice, model, { operator: '//Bob', home: first, prover: provers[0] });
	const left = await offer(alice, model, { operator: '//Eve', home: second, prover: provers[1] });
	await areActive(alice, lost, left);
	const api = await connect(alice);

	pause(provers[0].name);
	const others = [];
	let taken;
	while (!taken) {
		check(others.length < MOST_ORDERS, `none of ${MOST_ORDERS} orders went to the first worker`);
		const ordered = await order(alice, model, 'deferred', others.length);
		const { node } = await reaches(alice, ordered, ['assigned', 'unproven', 'settled'], 80);
		if (String(node) === String(lost.number)) taken = ordered;
		else others.push(ordered);
	}
	await kill(first.name);
	await kill(provers[0].name);
	say('the first worker is killed, with one order in its hands');
	await areSettled(alice, [taken], { attempts: 2 });
	await areSettled(alice, others);
	const { node } = await inference(alice, '', 'workload', 'show', taken.workload);
	check(String(node) === String(left.number), `node ${node} delivered, and not ${left.number}`);

	check((await stake(alice, '//Eve')) === left.stake, 'the operator that delivered lost stake');
	const after = await stake(alice, '//Bob');
	check(after < lost.stake, 'the operator that did not deliver lost nothing');
	const missed = await events(api, alice, (event) => nameOf(event) === 'inferenceMarket.DeliveryMissed');
	check(missed.length === 1, `${missed.length} deliveries were missed, not 1`);
	say(`delivered by the second worker; the first one's operator lost ${lost.stake - after} planck`);
	await api.disconnect();
};
