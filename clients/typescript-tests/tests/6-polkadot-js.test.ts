// A user's order by polkadot.js: from the price to the result, then everybody's money.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ApiPromise } from "@polkadot/api";
import { argmax, readBundle, toFixed, toReal } from "../src/bundle.ts";
import { inference } from "../src/cli.ts";
import { fixture, TOLERANCE } from "../src/environment.ts";
import { leave, reference, registered, take, type Registered } from "../src/handover.ts";
import { customError } from "../src/refusals.ts";
import { account, connect, eventOf, rejection, send, succeed, watch } from "../src/polkadot-js.ts";

const ROW = 0;

describe("an order by polkadot.js", () => {
	let api: ApiPromise;
	let model: Registered;
	let workload: string;
	let submitted: number;
	before(async () => {
		api = await connect();
		model = registered("digits");
	});
	after(() => api.disconnect());

	const market = () => api.query["inferenceMarket"]!;
	const credit = async (who: string) => ((await market()["credits"]!(account(who).address)) as any).toBigInt();

	test("the node serves the model from the next node epoch on", { timeout: 240_000 }, async () => {
		const node = take<number>("node");
		for (;;) {
			const shown = (await api.call["inferenceApi"]!["node"]!(node)) as any;
			const served = JSON.stringify(shown.unwrap().models);
			const pool = (await api.query["nodePool"]!["pools"]!(model)) as any;
			if (pool.length > 0) {
				assert.ok(served.length > 2, "a node in the pool serves models");
				return;
			}
			await new Promise((resolve) => setTimeout(resolve, 2_000));
		}
	});

	test("it is submitted, at a price that the runtime API says", async () => {
		const user = account("//Charlie");
		const input = toFixed(fixture("digits").inputs[ROW]!, readBundle("digits").input);
		const price = ((await api.call["inferenceApi"]!["price"]!(model)) as any).unwrap().toBigInt();
		const { min_deadline: least } = (await inference("", "chain", "status")).parameters;
		const order = api.tx["inferenceMarket"]!["submitWorkload"]!(
			model,
			input,
			"Local",
			"Deferred",
			price * 2n,
			Number(least) * 2,
			0,
		);
		const { partialFee } = await order.paymentInfo(user);
		const before = (await api.query["system"]!["account"]!(user.address)) as any;
		const included = await succeed(api, order, user);
		const fields = eventOf(included.events, "inferenceMarket", "WorkloadSubmitted");
		assert.equal(fields["submitter"].toString(), user.address);
		workload = fields["workload"].toHex();
		submitted = included.number;
		const at = await api.at(included.block);
		const stored = ((await at.query["inferenceMarket"]!["workloads"]!(workload)) as any).unwrap();
		assert.equal(stored.state.toString(), "Queued");
		const inputs = ((await at.query["inferenceMarket"]!["inputs"]!(workload)) as any).unwrap();
		assert.deepEqual(inputs.map((value: any) => value.toBigInt()), input);
		// Held in the user's own account: the escrow and a deposit.
		const left = (await at.query["system"]!["account"]!(user.address)) as any;
		const held = stored.held.toBigInt() + stored.deposit.toBigInt();
		const gone = before.data.free.toBigInt() - left.data.free.toBigInt();
		const paid = eventOf(included.events, "transactionPayment", "TransactionFeePaid")["actualFee"].toBigInt();
		assert.equal(gone, held + paid);
		assert.ok(paid <= partialFee.toBigInt(), `the fee ${paid} was announced as ${partialFee}`);
		assert.equal(left.data.reserved.toBigInt() - before.data.reserved.toBigInt(), held);
	});

	test("a proof that declares too little weight is refused while the proof is owed", { timeout: 120_000 }, async () => {
		const state = async () => ((await market()["workloads"]!(workload)) as any).unwrap().state.toString();
		while (["Queued", "Assigned"].includes(await state())) {
			await new Promise((resolve) => setTimeout(resolve, 100));
		}
		// By the worker's key: of others no proof is taken at all.
		const said = await rejection(
			send(
				api,
				api.tx["inferenceMarket"]!["prove"]!(workload, null, "0x00", { refTime: 0, proofSize: 0 }),
				account("//Bob//worker"),
			),
		);
		// Should the real proof have come in between, it is not owed any more.
		const owed = (await state()) === "Unproven";
		assert.match(said, customError(owed ? "VerifyLimitTooLow" : "NotDue"));
	});

	test("its events come block by block until it is settled", { timeout: 240_000 }, async () => {
		const events = await watch(api, workload, submitted, "WorkloadSettled", 220);
		assert.deepEqual(
			events.map(({ name }) => name),
			["WorkloadSubmitted", "WorkloadAssigned", "OutputDelivered", "WorkloadSettled"],
		);
		const [, assigned, , settled] = events;
		assert.equal(assigned!.fields["worker"].toString(), account("//Bob//worker").address);
		const stored = ((await market()["workloads"]!(workload)) as any).unwrap();
		assert.equal(stored.state.toString(), "Settled");
		const { settlement } = stored;
		const sum = ["refunded", "worker", "creator", "treasury"].map((name) => settlement[name].toBigInt());
		assert.equal(
			sum.reduce((a: bigint, b: bigint) => a + b),
			settlement.escrowed.toBigInt(),
		);
		assert.equal(settled!.fields["workerCredit"].toBigInt(), settlement.worker.toBigInt());
	});

	test("its result is in storage, and means what the command line prints", async () => {
		const spec = readBundle("digits").output;
		const stored = ((await market()["outputs"]!(workload)) as any).unwrap();
		const fixed: bigint[] = stored.map((value: any) => value.toBigInt());
		const real = toReal(fixed, spec);
		const shown = await inference("", "workload", "show", workload);
		assert.equal(shown.state, "settled");
		assert.deepEqual(shown.output.fixed.map(BigInt), fixed);
		assert.deepEqual(shown.output.real, real);
		const expected = fixture("digits").outputs[ROW]!;
		for (const [index, value] of real.entries()) {
			assert.ok(Math.abs(value - expected[index]!) <= TOLERANCE, `${index}: ${value}, ONNX Runtime ${expected[index]}`);
		}
		assert.equal(argmax(real), argmax(expected));
		leave("settled", workload);
	});

	test("what was earned is claimed by operator and creator", async () => {
		for (const who of ["//Bob", "//Dave"]) {
			const owed = await credit(who);
			assert.ok(owed > 0n, `${who} has earned nothing`);
			const { address } = account(who);
			const claimed = await succeed(api, api.tx["inferenceMarket"]!["claim"]!(address), account(who));
			assert.equal(eventOf(claimed.events, "inferenceMarket", "CreditClaimed")["amount"].toBigInt(), owed);
			assert.equal(await credit(who), 0n);
			const again = await send(api, api.tx["inferenceMarket"]!["claim"]!(address), account(who));
			assert.equal(again.refusal?.name, "NothingToClaim");
		}
	});

	test("stake that is not needed unbonds, and is withdrawn when it is time", async () => {
		const operator = account("//Bob");
		const amount = 1_000_000n;
		const unbonding = await succeed(api, api.tx["workerStaking"]!["unbond"]!(amount), operator);
		const fields = eventOf(unbonding.events, "workerStaking", "Unbonding");
		assert.equal(fields["amount"].toBigInt(), amount);
		const ledger = ((await api.query["workerStaking"]!["ledgers"]!(operator.address)) as any).unwrap();
		assert.equal(ledger.unbonding.at(-1).withdrawableAt.toString(), fields["withdrawableAt"].toString());
		// 1,000 ticks on a development chain.
		const early = await send(api, api.tx["workerStaking"]!["withdraw"]!(), operator);
		assert.equal(early.refusal?.name, "NothingToWithdraw");
	});

	test("what comes after the end is refused by name", async () => {
		const call = (name: string, ...args: unknown[]) => api.tx["inferenceMarket"]![name]!(...args);
		const refusal = async (who: string, name: string) =>
			(await send(api, call(name, workload), account(who))).refusal?.name;
		assert.equal(await refusal("//Charlie", "cancel"), "WrongState");
		assert.equal(await refusal("//Dave", "cancel"), "NotSubmitter");
		assert.equal(await refusal("//Charlie", "expire"), "WrongState");
		assert.equal(await refusal("//Charlie", "prune"), "StillRetained");
		const said = await rejection(send(api, call("relayProof", workload, "0x00"), account("//Charlie")));
		assert.match(said, customError("NotDue"));
	});

	test("the command line agrees about the model's sales", async () => {
		const shown = await inference("", "model", "show", reference(model));
		assert.ok(Number(shown.settled) >= 1);
	});
});
