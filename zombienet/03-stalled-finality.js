// Validators are stopped (SIGSTOP) while there is work in flight, for longer than all of its deadlines.
'use strict';

const { best, check, clock, connect, finalised, finalityGoesOn, nobodyIsPunished, say, within } = require('./lib/chain');
const { ENDED, areSettled, order, reaches, seller, show, stake } = require('./lib/market');
const { pause, resume, resumeIfThere } = require('./lib/processes');

exports.run = async (_, network) => {
	try {
		await stopValidators(network.nodesByName);
	} finally {
		// Whoever comes next on this network needs them.
		for (const name of ['charlie', 'dave']) resumeIfThere(name);
	}
};

async function stopValidators({ alice, charlie, dave, home }) {
	const { model, operator: bob } = await seller(alice, home);
	const api = await connect(alice);
	const parameters = await api.query.networkParameters.parameters();
	const [latency, backlog, proof] = ['baseLatency', 'backlogBound', 'proofDeadline'].map((name) => Number(parameters[name]));

	pause(dave.name);
	say(`one validator is stopped, after block ${await best(alice)}`);
	const first = await order(alice, model, 'immediate', 0);
	await finalityGoesOn(alice, 10, 80);
	await areSettled(alice, [first]);

	const delivered = await order(alice, model, 'deferred', 1);
	await reaches(alice, delivered, ['unproven', 'settled'], 120);
	const drawn = await order(alice, model, 'deferred', 2);
	const orders = [delivered, drawn, await order(alice, model, 'immediate', 3)];
	await reaches(alice, drawn, ['assigned', 'unproven', 'settled'], 60);
	const before = await clock(api);
	pause(charlie.name);
	say(`two validators are stopped, after block ${await best(alice)}`);
	// Drawn while the clock still runs, in blocks that the worker does not act on.
	orders.push(await order(alice, model, 'deferred', 4));

	await within(60, alice, 'a service clock that stands', async () => !(await clock(api)).runs);
	// The first block that holds it may still lose to a sibling.
	const settled = (await best(alice)) + 3;
	await within(60, alice, 'blocks in which it stands', async () => (await best(alice)) >= settled && !(await clock(api)).runs);
	const open = (await Promise.all(orders.map((ordered) => show(alice, ordered)))).filter(({ state }) => !ENDED.has(state));
	check(open.length > 0, 'nothing was in flight when the clock stood');
	const held = await clock(api), final = (await finalised(alice)).number, since = await best(alice);
	check(held.tick - before.tick < latency,
		`the clock ticked ${held.tick - before.tick} times without finality: outputs are due after ${latency}`);
	say(`the clock stands at tick ${held.tick}, ${held.tick - before.tick} after the stop; ${since - final} blocks are not final`);
	const long = since + Math.max(latency + backlog, proof) + 5;
	let height = since;
	while (height < long) {
		// In steps, so that no step waits for long in vain.
		const step = Math.min(height + 10, long);
		await within(step - height + 1, alice, `block ${step}`, async () => (height = await best(alice)) >= step);
		const now = await clock(api);
		check(!now.runs && now.tick === held.tick, `the clock runs again without finality: tick ${now.tick}, at first ${held.tick}`);
	}
	const stalled = (await finalised(alice)).number;
	// What was in the voters' hands may still become final.
	check(stalled - final <= 5, `finality went on, from ${final} to ${stalled}: nothing was tested`);
	check((await stake(alice, '//Bob')) === bob.stake, 'stake was slashed during the stall');
	say(`${height - since} blocks without finality, and without a tick; all deadlines would have passed`);

	resume(charlie.name);
	resume(dave.name);
	await within(120, alice, `finality of block ${height}`, async () => (await finalised(alice)).number >= height);
	await within(60, alice, 'a service clock that runs', async () => (await clock(api)).runs);
	await areSettled(alice, orders);
	await within(60, alice, `block ${height} final at charlie`, async () => (await finalised(charlie)).number >= height);
	await finalityGoesOn(dave, 5, 60, alice);
	check((await stake(alice, '//Bob')) === bob.stake, 'stake is missing');
	await nobodyIsPunished(api, alice);
	await api.disconnect();
}
