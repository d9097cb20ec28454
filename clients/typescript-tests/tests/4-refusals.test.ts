// Real refusals: calls that fail in a block, decoded by name and docs, and transactions that no pool takes.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ApiPromise } from "@polkadot/api";
import { readBundle, toFixed } from "../src/bundle.ts";
import { fixture } from "../src/environment.ts";
import { registered, type Registered } from "../src/handover.ts";
import { customError, notAdmitted } from "../src/refusals.ts";
import * as papi from "../src/polkadot-api.ts";
import { account, connect, refusalOf, rejection, send, type Extrinsic } from "../src/polkadot-js.ts";

const NOBODY = `0x${"77".repeat(32)}`;
const UNIT = 1_000_000_000_000n;

describe("refusals", () => {
	let api: ApiPromise;
	let model: Registered;
	const modern = papi.connect();
	before(async () => {
		api = await connect();
		model = registered("digits");
	});
	after(async () => {
		modern.client.destroy();
		await api.disconnect();
	});

	/** An order of the first sample that would succeed but for what is changed. */
	function order(change: Partial<Record<"model" | "input" | "mode" | "maxPrice" | "deadline" | "atRisk", any>> = {}) {
		const input = toFixed(fixture("digits").inputs[0]!, readBundle("digits").input);
		return api.tx["inferenceMarket"]!["submitWorkload"]!(
			change.model ?? model,
			change.input ?? input,
			"Local",
			change.mode ?? "Deferred",
			change.maxPrice ?? 1_000n * UNIT,
			change.deadline ?? 80,
			change.atRisk ?? 0,
		);
	}

	/** A registration of the model, again, that would succeed but for what is changed. */
	function registration(change: Partial<Record<"name" | "key" | "setup" | "input" | "royalty" | "maxFee", any>> = {}) {
		const bundle = readBundle("digits");
		return api.tx["modelRegistry"]!["registerModel"]!(
			change.name ?? bundle.name,
			bundle.system,
			change.setup ?? bundle.setup,
			change.key ?? `0x${Buffer.from(bundle.key).toString("hex")}`,
			change.input ?? bundle.input,
			bundle.output,
			change.royalty ?? 0,
			bundle.bundleHash,
			change.maxFee ?? 1_000n * UNIT,
			bundle.circuitHash,
		);
	}

	/** The model's key without its last byte. */
	const cutOff = () => `0x${Buffer.from(readBundle("digits").key.slice(0, -1)).toString("hex")}`;
	const wrongShape = () => ({ ...readBundle("digits").input, shape: [0] });

	/** Calls by //Charlie, who neither created nor operates anything, and how each fails. */
	const failing: [name: string, call: () => Extrinsic, inner?: string][] = [
		["inferenceMarket.UnknownModel", () => order({ model: { model: 4_000_000, version: 1 } })],
		["inferenceMarket.WrongInputShape", () => order({ input: [1, 2, 3] })],
		["inferenceMarket.InputOutOfDomain", () => order({ input: Array(64).fill(1n << 50n) })],
		["inferenceMarket.BidTooLow", () => order({ maxPrice: 1 })],
		["inferenceMarket.BadDeadline", () => order({ deadline: 1 })],
		["inferenceMarket.NothingAtRisk", () => order({ mode: "Immediate", atRisk: 1 })],
		["inferenceMarket.UnknownWorkload", () => api.tx["inferenceMarket"]!["cancel"]!(NOBODY)],
		["inferenceMarket.UnknownWorkload", () => api.tx["inferenceMarket"]!["expire"]!(NOBODY)],
		["inferenceMarket.NothingToClaim", () => api.tx["inferenceMarket"]!["claim"]!(account("//Nobody").address)],
		["modelRegistry.BadName", () => registration({ name: "" })],
		["modelRegistry.BadTensorShape", () => registration({ input: wrongShape() })],
		["modelRegistry.RoyaltyTooHigh", () => registration({ royalty: (1n << 120n) - 1n })],
		["modelRegistry.FeeAboveMaximum", () => registration({ maxFee: 0 })],
		["modelRegistry.TensorsMismatch", () => registration({ input: { ...readBundle("digits").input, scaleBits: 1 } })],
		["modelRegistry.UnknownModel", () => api.tx["modelRegistry"]!["retire"]!({ model: 4_000_000, version: 1 })],
		["modelRegistry.NotCreator", () => api.tx["modelRegistry"]!["retire"]!(model)],
		["proofVerifier.SetupNotApproved", () => registration({ setup: NOBODY })],
		["proofVerifier.InvalidPlan", () => registration({ key: cutOff() }), "Truncated"],
		["proofVerifier.UnknownKey", () => api.tx["proofVerifier"]!["releaseKey"]!(NOBODY)],
		["workerStaking.BondTooSmall", () => api.tx["workerStaking"]!["bond"]!(1)],
		["workerStaking.NotBonded", () => api.tx["workerStaking"]!["withdraw"]!()],
		["nodePool.UnknownNode", () => api.tx["nodePool"]!["pause"]!(4_000_000)],
		[
			"nodePool.BadConsent",
			() => api.tx["nodePool"]!["registerNode"]!(account("//Eve").address, 1, { Sr25519: `0x${"01".repeat(64)}` }),
		],
	];

	test("calls that fail in a block say why, by name and with docs", async () => {
		const signer = account("//Charlie");
		const first = (await api.rpc.system.accountNextIndex(signer.address)).toNumber();
		const results = await Promise.all(
			failing.map(([, call], index) => send(api, call(), signer, { nonce: first + index })),
		);
		const distinct = new Set<string>();
		for (const [index, [name, , inner]] of failing.entries()) {
			const { refusal } = results[index]!;
			assert.ok(refusal !== undefined, `${name}: the call succeeded`);
			assert.equal(`${refusal.pallet}.${refusal.name}`, name);
			assert.ok(refusal.docs.length > 10, `${name} has no docs`);
			if (inner !== undefined) {
				assert.equal(refusal.inner, inner, `${name} has another reason inside`);
			}
			distinct.add(name);
		}
		assert.ok(distinct.size >= 12, `${distinct.size} different errors`);
	});

	test("a failed call within a batch and within sudo says why", async () => {
		const batch = await send(
			api,
			api.tx["utility"]!["forceBatch"]!([
				api.tx["inferenceMarket"]!["cancel"]!(NOBODY),
				api.tx["modelRegistry"]!["retire"]!(model),
			]),
			account("//Charlie"),
		);
		const failed = batch.events.filter(({ event }) => event.method === "ItemFailed");
		const names = failed.map(({ event }) => refusalOf(api.registry, event.data[0] as any).name);
		assert.deepEqual(names, ["UnknownWorkload", "NotCreator"]);

		const parameters = (await api.query["networkParameters"]!["parameters"]!()) as any;
		const broken = { ...parameters.toJSON(), seedBlocks: 0 };
		const governed = await send(
			api,
			api.tx["sudo"]!["sudo"]!(api.tx["networkParameters"]!["setParameters"]!(broken)),
			account("//Alice"),
		);
		const sudid = governed.events.find(({ event }) => event.method === "Sudid");
		const error = (sudid!.event.data[0] as any).asErr;
		const refusal = refusalOf(api.registry, error);
		assert.equal(`${refusal.pallet}.${refusal.name}`, "networkParameters.InvalidParameters");
		assert.equal(refusal.inner, "BadSeedBlocks");
	});

	test("polkadot-api names them, too", async () => {
		const cancel = modern.api.tx.InferenceMarket.cancel({ workload: NOBODY });
		const sent = await cancel.signAndSubmit(papi.signer("//Ferdie"));
		assert.equal(sent.ok, false);
		assert.equal(sent.dispatchError.type, "Module");
		assert.equal(sent.dispatchError.value.type, "InferenceMarket");
		assert.equal(sent.dispatchError.value.value.type, "UnknownWorkload");
		const bond = await modern.api.tx.WorkerStaking.bond({ amount: 1n }).signAndSubmit(papi.signer("//Ferdie"));
		assert.equal(bond.dispatchError.value.value.type, "BondTooSmall");
		// A reason inside an error is decoded, too.
		const bundle = readBundle("digits");
		const key = modern.api.tx.ProofVerifier.register_key({
			system: { type: bundle.system, value: undefined },
			setup: bundle.setup,
			key: bundle.key.slice(0, -1),
		});
		const plan = (await key.signAndSubmit(papi.signer("//Ferdie"))).dispatchError.value.value;
		assert.equal(plan.type, "InvalidPlan");
		assert.equal(plan.value.type, "Truncated");
	});

	describe("transactions that no pool takes", () => {
		const charlie = () => account("//Charlie");
		const zero = { refTime: 0, proofSize: 0 };

		/** Each as a node says it: text, since metadata has no names of these. */
		const refused: [what: string, text: () => RegExp, sent: () => Promise<unknown>][] = [
			[
				"a delivery for no workload",
				() => customError("UnknownWorkload"),
				() => send(api, api.tx["inferenceMarket"]!["deliver"]!(NOBODY, [1]), charlie()),
			],
			[
				"a proof for no workload",
				() => customError("UnknownWorkload"),
				() => send(api, api.tx["inferenceMarket"]!["prove"]!(NOBODY, null, "0x00", zero), charlie()),
			],
			[
				"an operational call of somebody else than governance",
				() => customError("NotOperational"),
				() => send(api, api.tx["system"]!["setHeapPages"]!(64), charlie()),
			],
			[
				"a number that was used",
				() => /outdated/,
				() => send(api, api.tx["system"]!["remark"]!("0x00"), charlie(), { nonce: 0 }),
			],
			[
				"a signer without money",
				() => /Inability to pay some fees/,
				() => send(api, api.tx["system"]!["remark"]!("0x00"), account("//Nobody"), { nonce: 0 }),
			],
			[
				"a signature for another chain",
				() => /bad signature/,
				() => send(api, api.tx["system"]!["remark"]!("0x00"), charlie(), { genesisHash: NOBODY as any }),
			],
		];
		for (const [what, text, sent] of refused) {
			test(what, async () => assert.match(await rejection(sent()), text()));
		}

		test("polkadot-api has the number, too", async () => {
			const text = await rejection(
				modern.api.tx.InferenceMarket.deliver({ workload: NOBODY, output: [1n] }).signAndSubmit(
					papi.signer("//Ferdie"),
				),
			);
			assert.deepEqual(JSON.parse(text), {
				type: "Invalid",
				value: { type: "Custom", value: notAdmitted().get("UnknownWorkload") },
			});
		});
	});
});
