// A user's order by polkadot-api, of which everything is looked up in the chain's metadata.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { readBundle, toFixed, toReal } from "../src/bundle.ts";
import { inference } from "../src/cli.ts";
import { fixture, TOLERANCE } from "../src/environment.ts";
import { registered, type Registered } from "../src/handover.ts";
import { connect, eventOf, signer } from "../src/polkadot-api.ts";
import { account } from "../src/polkadot-js.ts";

const ROW = 1;

describe("an order by polkadot-api", () => {
	const { client, api } = connect();
	let model: Registered;
	let workload: string;
	before(() => {
		model = registered("diabetes");
	});
	after(() => client.destroy());

	test("it is submitted, and its events come until it is settled", { timeout: 240_000 }, async () => {
		const user = signer("//Ferdie");
		const input = toFixed(fixture("diabetes").inputs[ROW]!, readBundle("diabetes").input);
		const price: bigint = await api.apis.InferenceApi.price(model);
		const parameters = await api.query.NetworkParameters.Parameters.getValue();

		// Watched from before the order on, so that nothing is missed.
		const seen: { name: string; block: number; payload: any }[] = [];
		let wake = () => {};
		const kinds = ["WorkloadSubmitted", "WorkloadAssigned", "OutputDelivered", "WorkloadSettled"];
		const watching = kinds.map((name) =>
			api.event.InferenceMarket[name].watch().subscribe(({ block, events }: any) => {
				for (const { payload } of events) {
					seen.push({ name, block: block.number, payload });
					wake();
				}
			}),
		);

		const order = api.tx.InferenceMarket.submit_workload({
			model,
			input,
			destination: { type: "Local", value: undefined },
			mode: { type: "Immediate", value: undefined },
			max_price: price * 2n,
			deadline: parameters.min_deadline * 2,
			value_at_risk: 0n,
		});
		assert.ok((await order.getEstimatedFees(user.publicKey)) > 0n);
		const sent = await order.signAndSubmit(user);
		assert.ok(sent.ok, JSON.stringify(sent.dispatchError));
		workload = eventOf(sent.events, "InferenceMarket", "WorkloadSubmitted").workload;

		const own = () => seen.filter(({ payload }) => payload.workload === workload);
		while (!own().some(({ name }) => name === "WorkloadSettled")) {
			await new Promise<void>((resolve) => (wake = resolve));
		}
		for (const subscription of watching) {
			subscription.unsubscribe();
		}
		const inOrder = own().sort((a, b) => a.block - b.block || kinds.indexOf(a.name) - kinds.indexOf(b.name));
		// Immediate: the output comes with the proof.
		assert.deepEqual(
			inOrder.map(({ name }) => name),
			["WorkloadSubmitted", "WorkloadAssigned", "WorkloadSettled"],
		);
		assert.equal(inOrder[1]!.payload.worker, account("//Bob//worker").address);
		const stored = await api.query.InferenceMarket.Workloads.getValue(workload);
		assert.equal(stored.state.type, "Settled");
		assert.equal(stored.mode.type, "Immediate");
	});

	test("its result is in storage, and means what the command line prints", async () => {
		const fixed: bigint[] = await api.query.InferenceMarket.Outputs.getValue(workload);
		const real = toReal(fixed, readBundle("diabetes").output);
		const shown = await inference("", "workload", "show", workload);
		assert.deepEqual(shown.output.fixed.map(BigInt), fixed);
		assert.deepEqual(shown.output.real, real);
		const [expected] = fixture("diabetes").outputs[ROW]!;
		assert.ok(Math.abs(real[0]! - expected!) <= TOLERANCE, `${real[0]}, ONNX Runtime ${expected}`);
	});

	test("the creator claims the royalty", async () => {
		const { address } = account("//Eve");
		const owed: bigint = await api.query.InferenceMarket.Credits.getValue(address, { at: "best" });
		assert.ok(owed > 0n);
		const claimed = await api.tx.InferenceMarket.claim({ account: address }).signAndSubmit(signer("//Eve"));
		assert.ok(claimed.ok, JSON.stringify(claimed.dispatchError));
		assert.equal(eventOf(claimed.events, "InferenceMarket", "CreditClaimed").amount, owed);
	});
});
