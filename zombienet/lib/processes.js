// Stops, kills and starts processes of a running network. zombienet knows the process of each node by its client, which
// its scripts are not given; what is started here is entered there, too, and ends with the network.
'use strict';

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { getClient } = require('@zombienet/orchestrator/dist/providers/client');
const { check, rpc, sleep } = require('./chain');

const run = process.env.ZOMBIENET_RUN;
const bin = process.env.INFERENCE_BIN;

const known = (name) => getClient().processMap[name];
const isRunning = (name) => {
	try {
		// A process that has ended and that nobody has asked for yet is not running.
		return !/^\d+ \(.*\) Z/.test(fs.readFileSync(`/proc/${known(name).pid}/stat`, 'latin1'));
	} catch {
		return false;
	}
};
const signal = (name, which) => process.kill(known(name).pid, which);

/** SIGSTOP and SIGCONT. */
const pause = (name) => signal(name, 'SIGSTOP');
const resume = (name) => signal(name, 'SIGCONT');
const resumeIfThere = (name) => isRunning(name) && resume(name);
/** SIGKILL; returns once the process is gone. */
async function kill(name) {
	signal(name, 'SIGKILL');
	while (isRunning(name)) await sleep(50);
	// Its number may be another's soon, and zombienet kills all that it knows in the end.
	known(name).pid = undefined;
}

/** Starts a program; its output is added to the network's log of that name. */
function start(name, program, args) {
	const log = fs.openSync(path.join(getClient().tmpDir, `${name}.log`), 'a');
	const child = spawn(program, args, { stdio: ['ignore', log, log] });
	child.on('error', (error) => fs.writeSync(log, `cannot start ${program}: ${error.message}\n`));
	fs.closeSync(log);
	getClient().processMap[name] = { ...known(name), pid: child.pid, command: [program, ...args] };
}

/** Waits, at most ten minutes, until something answers: a start takes long on a busy machine, and makes no blocks. */
async function answers(name, ask) {
	for (let tries = 0; tries < 600; tries++) {
		check(isRunning(name), `${name} ended; see ${name}.log`);
		try {
			return await ask();
		} catch {
			await sleep(1000);
		}
	}
	throw new Error(`${name} does not answer`);
}

/** Starts a node of the network again that was killed, as zombienet had started it. */
async function restart(node, args = []) {
	start(node.name, '/bin/bash', ['-c', `exec ${[...known(node.name).cmd, ...args].join(' ')}`]);
	await answers(node.name, () => rpc(node, 'system_health'));
}

/** Starts one more node of the network, with boot nodes `peers`; returns it as zombienet's scripts have theirs. */
async function addNode(network, name, peers, args) {
	const [rpcPort, p2pPort] = await freePorts(2);
	const addresses = await Promise.all(peers.map(async (peer) => {
		const all = await rpc(peer, 'system_localListenAddresses');
		return all.find((address) => address.includes('/127.0.0.1/'));
	}));
	start(name, `${bin}/inference-node`, [
		'--chain', network.chainSpecPath, '--name', name, '--base-path', path.join(run, 'network', name),
		'--rpc-port', rpcPort, '--rpc-methods', 'unsafe', '--listen-addr', `/ip4/127.0.0.1/tcp/${p2pPort}/ws`,
		'--no-mdns', '--no-prometheus', '--no-telemetry', '--no-hardware-benchmarks',
		...addresses.flatMap((address) => ['--bootnodes', address]), ...args,
	]);
	const node = { name, wsUri: `ws://127.0.0.1:${rpcPort}` };
	await answers(name, () => rpc(node, 'system_health'));
	return node;
}

/** Starts the prover number `which` of those whose ports scripts/zombienet chose. */
async function startProver(which = 0) {
	const name = `prover-${which}`;
	const url = `http://127.0.0.1:${process.env.PROVER_PORTS.split(' ')[which]}`;
	start(name, 'nice', [
		`${bin}/inference-prover`, '--listen', url.slice(7), '--data', path.join(run, name),
		'--bundle', process.env.ZOMBIENET_BUNDLE,
	]);
	await answers(name, async () => {
		const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(5000) });
		check(answer.ok, 'not ready');
	});
	return { name, url };
}

async function freePorts(count) {
	const net = require('node:net');
	const servers = await Promise.all(Array.from({ length: count }, () => new Promise((resolve, reject) => {
		const server = net.createServer().on('error', reject).listen(0, '127.0.0.1', () => resolve(server));
	})));
	const ports = servers.map((server) => String(server.address().port));
	await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
	return ports;
}

const logOf = (name) => fs.readFileSync(path.join(getClient().tmpDir, `${name}.log`), 'utf8');

module.exports = { addNode, isRunning, kill, logOf, pause, restart, resume, resumeIfThere, run, startProver };
