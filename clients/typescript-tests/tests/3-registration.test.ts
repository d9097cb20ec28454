// Each client registers a model from a bundle of ours, and offers it. Then an operator joins both with our command
// line, so that the node's worker serves them from the next node epoch on.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ApiPromise } from "@polkadot/api";
import { readBundle, type Bundle } from "../src/bundle.ts";
import { inference } from "../src/cli.ts";
import { prover } from "../src/environment.ts";
import { leave, reference, type Registered } from "../src/handover.ts";
import * as pjs from "../src/polkadot-js.ts";
import * as papi from "../src/polkadot-api.ts";

const UNIT = 1_000_000_000_000n;
const ROYALTY = UNIT / 100n;

/** What the command line, which reads by types of its own, must say of a registered model. */
async function assertRegistered(model: Registered, bundle: Bundle): Promise<void> {
	const shown = await inference("", "model", "show", reference(model));
	assert.equal(shown.name, bundle.name);
	assert.equal(shown.status, "active");
	assert.equal(shown.vk_hash, bundle.vkHash);
	assert.equal(BigInt(shown.royalty), ROYALTY);
}

describe("registration", () => {
	let api: ApiPromise;
	const models: Registered[] = [];
	const modern = papi.connect();
	before(async () => {
		api = await pjs.connect();
	});
	after(async () => {
		modern.client.destroy();
		await api.disconnect();
	});

	test("polkadot.js registers a model from its bundle and activates it", async () => {
		const bundle = readBundle("digits");
		const creator = pjs.account("//Dave");
		const status = (await api.call["inferenceApi"]!["networkStatus"]!()) as any;
		const { block, events } = await pjs.succeed(
			api,
			api.tx["modelRegistry"]!["registerModel"]!(
				bundle.name,
				bundle.system,
				bundle.setup,
				// polkadot.js takes a Uint8Array for a whole encoded value, its length included; hex for the bytes alone.
				`0x${Buffer.from(bundle.key).toString("hex")}`,
				bundle.input,
				bundle.output,
				ROYALTY,
				bundle.bundleHash,
				status.registrationFee.toBigInt() * 2n,
				bundle.circuitHash,
			),
			creator,
		);
		const fields = pjs.eventOf(events, "modelRegistry", "ModelRegistered");
		assert.equal(fields["creator"].toString(), creator.address);
		assert.equal(fields["vkHash"].toHex(), bundle.vkHash);
		const model: Registered = {
			model: fields["model"].model.toNumber(),
			version: fields["model"].version.toNumber(),
		};
		const at = await api.at(block);
		const stored = (await at.query["modelRegistry"]!["models"]!(fields["model"])) as any;
		assert.equal(stored.unwrap().status.toString(), "Draft");
		const activated = await pjs.succeed(api, api.tx["modelRegistry"]!["activate"]!(model), creator);
		assert.equal(pjs.eventOf(activated.events, "modelRegistry", "StatusChanged")["status"].toString(), "Active");
		await assertRegistered(model, bundle);
		models.push(model);
		leave("model-digits", model);
	});

	test("polkadot-api registers a model from its bundle and activates it", async () => {
		const bundle = readBundle("diabetes");
		const creator = papi.signer("//Eve");
		const status = await modern.api.apis.InferenceApi.network_status();
		const spec = (tensor: Bundle["input"]) => ({
			shape: tensor.shape,
			scale_bits: tensor.scaleBits,
			min: tensor.min,
			max: tensor.max,
			visibility: { type: tensor.visibility, value: undefined },
		});
		const registration = await modern.api.tx.ModelRegistry.register_model({
			name: new TextEncoder().encode(bundle.name),
			system: { type: bundle.system, value: undefined },
			setup: bundle.setup,
			key: bundle.key,
			input: spec(bundle.input),
			output: spec(bundle.output),
			royalty: ROYALTY,
			bundle_hash: bundle.bundleHash,
			max_fee: status.registration_fee * 2n,
			circuit_hash: bundle.circuitHash,
		}).signAndSubmit(creator);
		assert.ok(registration.ok, JSON.stringify(registration.dispatchError));
		const fields = papi.eventOf(registration.events, "ModelRegistry", "ModelRegistered");
		assert.equal(fields.vk_hash, bundle.vkHash);
		const model: Registered = { model: fields.model.model, version: fields.model.version };
		const activation = await modern.api.tx.ModelRegistry.activate({ model: fields.model }).signAndSubmit(creator);
		assert.ok(activation.ok, JSON.stringify(activation.dispatchError));
		const changed = papi.eventOf(activation.events, "ModelRegistry", "StatusChanged");
		assert.equal(changed.status.type, "Active");
		await assertRegistered(model, bundle);
		models.push(model);
		leave("model-diabetes", model);
	});

	test("an operator joins both", async () => {
		assert.equal(models.length, 2, "both are registered");
		const status = await inference("", "chain", "status");
		const units = await Promise.all(
			models.map(async (model) => Number((await inference("", "model", "show", reference(model))).compute_units)),
		);
		const capacity = Math.ceil(Math.max(...units) / 4);
		const { bond_per_cu: perUnit, min_bond: least } = status.parameters;
		const bond = 2n * BigInt(perUnit) * BigInt(capacity) + BigInt(least);
		await inference("//Bob", "account", "transfer", "//Bob//worker", "10 INF");
		await inference("//Bob", "node", "bond", bond.toString());
		const registered = await inference(
			"//Bob",
			"node",
			"register",
			"--worker",
			"//Bob//worker",
			"--capacity",
			capacity.toString(),
		);
		for (const model of models) {
			const node = registered.node.toString();
			await inference("//Bob", "node", "join", node, reference(model), "--prover-url", prover());
		}
		leave("node", registered.node);
	});
});
