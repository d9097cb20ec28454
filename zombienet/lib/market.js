// Sells and buys inferences on a network, by the command line `inference`.
'use strict';

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { Keyring } = require('@polkadot/api');
const { best, check, rpc, say, sleep, within } = require('./chain');

const CREATOR = '//Dave', BUYER = '//Charlie';
const { ZOMBIENET_BUNDLE: bundle, ZOMBIENET_RUN: run } = process.env;
const fixture = JSON.parse(fs.readFileSync(path.join(process.env.ZOMBIENET_FIXTURE, 'fixture.json')));
const circuit = JSON.parse(fs.readFileSync(`${bundle}.json`));
const INF = 10n ** 12n;
const ENDED = new Set(['settled', 'cancelled', 'expired', 'refunded', 'failed', 'voided']);

/** Runs `inference`, through a node, signing as an account; what it prints. Again, where `send` would. */
async function inference(node, who, ...args) {
	for (let tries = 0; ; tries++) {
		try {
			return await runOnce(node, who, ...args);
		} catch (error) {
			if (tries === 5 || !error.message.includes('PriorityTooLow')) throw error;
			await sleep(2000);
		}
	}
}

function runOnce(node, who, ...args) {
	const env = {
		...process.env, INFERENCE_URL: node.wsUri, INFERENCE_SURI: who, INFERENCE_CHECKS: path.join(run, 'checks'),
	};
	return new Promise((resolve, reject) => {
		execFile(`${process.env.INFERENCE_BIN}/inference`, ['--output', 'json', ...args.map(String)], { env, maxBuffer: 2 ** 26 },
			(error, stdout, stderr) => {
				if (!error) return resolve(JSON.parse(stdout));
				let why = stderr;
				try {
					why = JSON.parse(stderr).error.message;
				} catch {}
				reject(new Error(`inference ${args.slice(0, 2).join(' ')} (exit code ${error.code}): ${why.trim()}`));
			});
	});
}

/** Registers the model of the bundle, by an account; returns it with its price. */
async function registerModel(node, creator = CREATOR) {
	const { model } = await inference(node, creator, 'model', 'register', '--bundle', bundle, '--royalty', '0.01 INF', '--activate');
	const { price_now: price } = await inference(node, '', 'model', 'show', model);
	return { model, price: BigInt(price) };
}

/** Bonds, registers and joins, and gives the worker's key to the node `home`. */
async function offer(node, { model }, { operator, home, prover, loads = 1 }) {
	const worker = `${operator}//worker`;
	const { parameters } = await inference(node, '', 'chain', 'status');
	const capacity = BigInt(Math.ceil(circuit.compute_units * loads));
	const key = new Keyring({ type: 'sr25519' }).addFromUri(worker).publicKey;
	await rpc(home, 'author_insertKey', 'work', worker, `0x${Buffer.from(key).toString('hex')}`);
	await inference(node, operator, 'account', 'transfer', worker, '10 INF');
	const bond = 2n * (BigInt(parameters.bond_per_cu) * capacity + BigInt(parameters.min_bond)) + 1000n * INF;
	await inference(node, operator, 'node', 'bond', bond);
	const registered = await inference(node, operator, 'node', 'register', '--worker', worker, '--capacity', capacity);
	await inference(node, operator, 'node', 'join', registered.node, model, '--prover-url', prover.url);
	const offered = { number: registered.node, operator, worker, stake: await stake(node, operator) };
	say(`node ${offered.number} of ${operator} works at ${home.name}, with ${capacity} CU a block`);
	return { ...offered, epoch: parameters.node_epoch };
}

/** Waits for the node epoch from which on these serve. */
async function areActive(node, ...offers) {
	for (const { number, epoch } of offers) {
		await within(2 * epoch + 10, node, `node ${number} in service`, async () => {
			const { nodes } = await inference(node, '', 'node', 'status', number);
			return nodes[0].models.length === 1;
		});
	}
}

let sale;
/**
 * A model that a worker of //Bob at the node `home` serves, with its prover; all that it takes goes through `node`.
 * Tests that share a network share this, too: it is made by the first that asks for it.
 */
function seller(node, home) {
	sale ??= (async () => {
		// zombienet's own: who only uses a market has no zombienet.
		const prover = await require('./processes').startProver();
		const model = await registerModel(node);
		const operator = await offer(node, model, { operator: '//Bob', home, prover });
		await areActive(node, operator);
		return { model, operator, prover };
	})();
	return sale;
}

/** All stake of an operator, planck. */
async function stake(node, operator) {
	const { stake: shown } = await inference(node, '', 'node', 'status', '--account', operator);
	return BigInt(shown.bonded) + BigInt(shown.proof_stakes);
}

/** The calls by which an account ordered, in order. */
async function callsOf(api, node, account) {
	const found = [];
	for (let number = 1, last = await best(node); number <= last; number++) {
		const { block } = await api.rpc.chain.getBlock(await rpc(node, 'chain_getBlockHash', number));
		for (const { isSigned, signer, method } of block.extrinsics) {
			if (isSigned && signer.toString() === account && method.section === 'inferenceMarket' && method.method === 'submitWorkload') found.push(method);
		}
	}
	return found;
}

/** Orders the inference of a row of the fixture. */
async function order(node, { model, price }, mode, row, ...flags) {
	const input = JSON.stringify([fixture.inputs[row % fixture.inputs.length]]);
	const { workload } = await inference(node, BUYER, 'workload', 'submit', model, '--mode', mode, '--input', input,
		'--bundle', bundle, '--max-price', 4n * price, ...flags);
	say(`ordered, ${mode}, row ${row}, at ${node.name} in block ${await best(node)}: ${workload.slice(0, 10)}…`);
	return { workload, row };
}

const show = (node, { workload }) => inference(node, '', 'workload', 'show', workload);
const isIn = async (node, ordered, ...states) => {
	const shown = await show(node, ordered);
	if (ENDED.has(shown.state) && !states.includes(shown.state)) {
		throw Object.assign(new Error(`workload ${ordered.workload} is ${shown.state}`), { final: true });
	}
	return states.includes(shown.state) && shown;
};

/** Waits for the state of an order; fails at once if it has ended otherwise. */
const reaches = (node, ordered, states, blocks) =>
	within(blocks, node, `${states.join(' or ')} of ${ordered.workload}`, () => isIn(node, ordered, ...states));

/** Waits until the orders are settled, each at its first draw and with the output of ONNX Runtime. */
async function areSettled(node, orders, { blocks = 400, attempts = 1 } = {}) {
	for (const ordered of orders) {
		const shown = await reaches(node, ordered, ['settled'], blocks);
		check(shown.settlement.balanced, `the account of ${ordered.workload} does not balance: ${JSON.stringify(shown.settlement)}`);
		check(shown.attempts === attempts, `workload ${ordered.workload} was drawn ${shown.attempts} times`);
		const got = shown.output.real.flat(), want = fixture.outputs[ordered.row % fixture.inputs.length].flat();
		check(got.length === want.length && got.every((x, i) => Math.abs(x - want[i]) <= TOLERANCE),
			`the output of ${ordered.workload} is ${got}, and not ${want}`);
	}
	say(`${orders.length} orders are settled, in block ${await best(node)}`);
}
// As scripts/demo: fixed point against floats.
const TOLERANCE = 0.005;

module.exports = {
	BUYER, CREATOR, ENDED, INF, areActive, areSettled, callsOf, fixture, inference, offer, order, reaches, registerModel, seller, show, stake,
};
