// Governance by polkadot.js, with what its Apps offer: a payment of the treasury from the preimage to the account, votes
// and delegations, the committee's brakes, and a call of root without `sudo`.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ApiPromise } from "@polkadot/api";
import type { EventRecord } from "@polkadot/types/interfaces";
import { stringToHex, stringToU8a } from "@polkadot/util";
import { blake2AsHex } from "@polkadot/util-crypto";
import { account, connect, eventOf, refusalOf, rejection, send, succeed, type Extrinsic } from "../src/polkadot-js.ts";
import { customError } from "../src/refusals.ts";

const UNIT = 1_000_000_000_000n;
const PAYMENT = UNIT / 10n;
/** `SmallSpender`'s track. */
const TRACK = 20;

describe("governance", () => {
	let api: ApiPromise;
	const proposer = account("//Dave");
	const voter = account("//Charlie");
	const delegator = account("//Eve");
	/** The only member of the development chain's committee. */
	const member = account("//Alice");
	before(async () => {
		api = await connect();
	});
	after(() => api.disconnect());

	const balance = async (who: string) => ((await api.query["system"]!["account"]!(who)) as any).data.free.toBigInt();
	const referendum = async (index: number) =>
		((await api.query["referenda"]!["referendumInfoFor"]!(index)) as any).unwrap();
	const aye = (amount: bigint) => ({ Standard: { vote: { aye: true, conviction: "Locked1x" }, balance: amount } });

	/** Opens a referendum on a call whose preimage is stored first. */
	async function propose(origin: unknown, call: Extrinsic): Promise<number> {
		const { method } = call;
		const noted = await succeed(api, api.tx["preimage"]!["notePreimage"]!(method.toHex()), proposer);
		const { hash_: hash } = eventOf(noted.events, "preimage", "Noted");
		assert.equal(hash.toHex(), method.hash.toHex());
		const submitted = await succeed(
			api,
			api.tx["referenda"]!["submit"]!(origin, { Lookup: { hash, len: method.encodedLength } }, { After: 0 }),
			proposer,
		);
		const index = eventOf(submitted.events, "referenda", "Submitted")["index"].toNumber();
		await succeed(api, api.tx["referenda"]!["placeDecisionDeposit"]!(index), proposer);
		return index;
	}

	/** Waits until it is approved and its call enacted; the events of that block. It looks from block `from` on. */
	async function enacted(index: number, from: number): Promise<EventRecord[]> {
		// The name under which the call is scheduled (docs/GOVERNANCE.md).
		const kind = api.registry.createType("(Raw, Text, u32)", [stringToU8a("assembly"), "enactment", index]);
		const task = blake2AsHex(kind.toU8a(), 256);
		for (let next = from; ; ) {
			const best = (await api.rpc.chain.getHeader()).number.toNumber();
			for (; next <= best; next++) {
				const at = await api.at(await api.rpc.chain.getBlockHash(next));
				const records = (await at.query.system!.events!()) as unknown as EventRecord[];
				for (const { event } of records) {
					const { section, method, data } = event;
					if (section === "referenda" && (data[0] as any)?.toNumber?.() === index) {
						assert.ok(!["Rejected", "TimedOut", "Killed"].includes(method), `referendum ${index}: ${method}`);
					}
					if (section === "scheduler" && method === "Dispatched" && (data[1] as any).toHex() === task) {
						const result = data[2] as any;
						assert.ok(result.isOk, `enacted, and refused: ${result}`);
						return records;
					}
				}
			}
			await new Promise((resolve) => setTimeout(resolve, 500));
		}
	}

	/** A call that the committee, which is one member, makes. */
	async function motion(call: Extrinsic) {
		const { events } = await succeed(
			api,
			api.tx["technicalCommittee"]!["propose"]!(1, call, call.method.encodedLength + 4),
			member,
		);
		const { result } = eventOf(events, "technicalCommittee", "Executed");
		return { events, refusal: result.isErr ? refusalOf(api.registry, result.asErr) : undefined };
	}

	test("the tracks are read with their names", () => {
		const tracks = [...(api.consts["referenda"]!["tracks"] as any)];
		const names = tracks.map(([id, { name }]: any) => `${id} ${name.toUtf8?.() ?? name}`.replace(/\0+$/, ""));
		assert.deepEqual(names, ["0 root", "1 whitelisted_caller", "10 parameters", "20 small_spender", "21 big_spender"]);
	});

	test("a referendum pays from the treasury", { timeout: 300_000 }, async () => {
		const treasury = (api.consts["treasury"]!["potAccount"] as any).toString();
		// What the market owes it stays there until anybody claims it.
		const owed = ((await api.query["inferenceMarket"]!["credits"]!(treasury)) as any).toBigInt();
		assert.ok(owed > 0n, "the orders before gave the treasury its part");
		const before = await balance(treasury);
		await succeed(api, api.tx["inferenceMarket"]!["claim"]!(treasury), voter);
		assert.ok((await balance(treasury)) >= before + owed);
		assert.ok((await balance(treasury)) >= PAYMENT, "eras give the treasury what stakers do not earn");

		const payee = account("//Payee").address;
		const call = api.tx["treasury"]!["spend"]!(null, PAYMENT, payee, null);
		const index = await propose({ Origins: "SmallSpender" }, call);
		assert.equal((await referendum(index)).asOngoing.track.toNumber(), TRACK);

		// A vote, and one that another gives with its own.
		await succeed(api, api.tx["convictionVoting"]!["delegate"]!(TRACK, voter.address, "None", 100_000n * UNIT), delegator);
		const voted = await succeed(api, api.tx["convictionVoting"]!["vote"]!(index, aye(700_000n * UNIT)), voter);
		const { tally } = (await referendum(index)).asOngoing;
		assert.equal(tally.ayes.toBigInt(), (700_000n + 10_000n) * UNIT, "a tenth without conviction");
		assert.equal(tally.support.toBigInt(), 800_000n * UNIT);
		const holds = [...((await api.query["balances"]!["holds"]!(voter.address)) as any)];
		assert.ok(holds.some(({ amount }: any) => amount.toBigInt() === 700_000n * UNIT), "what votes is held");

		const events = await enacted(index, voted.number);
		const spend = eventOf(events, "treasury", "AssetSpendApproved");
		assert.equal(spend["amount"].toBigInt(), PAYMENT);
		const paid = await succeed(api, api.tx["treasury"]!["payout"]!(spend["index"]), voter);
		eventOf(paid.events, "treasury", "Paid");
		assert.equal(await balance(payee), PAYMENT);

		// Both deposits come back, by anybody's calls; the preimage by who noted it.
		for (const [call, event] of [
			["refundSubmissionDeposit", "SubmissionDepositRefunded"],
			["refundDecisionDeposit", "DecisionDepositRefunded"],
		] as const) {
			const refunded = await succeed(api, api.tx["referenda"]![call]!(index), voter);
			assert.equal(eventOf(refunded.events, "referenda", event)["who"].toString(), proposer.address);
		}
		await succeed(api, api.tx["preimage"]!["unnotePreimage"]!(call.method.hash), proposer);
		await succeed(api, api.tx["convictionVoting"]!["removeVote"]!(TRACK, index), voter);
		await succeed(api, api.tx["convictionVoting"]!["undelegate"]!(TRACK), delegator);
		await succeed(api, api.tx["convictionVoting"]!["unlock"]!(TRACK, delegator.address), delegator);
	});

	test("the committee whitelists a call, which a referendum makes as root", { timeout: 300_000 }, async () => {
		const key = stringToHex("clients were here");
		const call = api.tx["system"]!["setStorage"]!([[key, "0x2a"]]);
		assert.match(await rejection(send(api, call, proposer)), customError("NotOperational"));
		assert.equal((await motion(call)).refusal?.name, "BadOrigin", "the committee is not root");
		assert.equal((await motion(api.tx["whitelist"]!["whitelistCall"]!(call.method.hash))).refusal, undefined);
		const index = await propose(
			{ Origins: "WhitelistedCaller" },
			api.tx["whitelist"]!["dispatchWhitelistedCallWithPreimage"]!(call),
		);
		const voted = await succeed(api, api.tx["convictionVoting"]!["vote"]!(index, aye(700_000n * UNIT)), voter);
		await enacted(index, voted.number);
		assert.equal(((await api.rpc.state.getStorage(key)) as any).toHex(), "0x2a");
	});

	test("the committee pauses a call and lets it go on, and cannot pause what people are owed", async () => {
		const transfer = () => api.tx["balances"]!["transferKeepAlive"]!(voter.address, 1_000_000n);
		const name = ["Balances", "transfer_keep_alive"];
		await succeed(api, transfer(), proposer);
		const paused = await motion(api.tx["txPause"]!["pause"]!(name));
		assert.equal(paused.refusal, undefined);
		eventOf(paused.events, "txPause", "CallPaused");
		const refused = await send(api, transfer(), proposer);
		assert.equal(`${refused.refusal?.pallet}.${refused.refusal?.name}`, "system.CallFiltered");
		assert.equal((await motion(api.tx["txPause"]!["unpause"]!(name))).refusal, undefined);
		await succeed(api, transfer(), proposer);
		const claim = await motion(api.tx["txPause"]!["pause"]!(["InferenceMarket", "claim"]));
		assert.equal(claim.refusal?.name, "Unpausable");
	});

	test("a referendum of another origin is refused by the track that it names", async () => {
		const call = api.tx["treasury"]!["spend"]!(null, 1, proposer.address, null);
		const inline = { Inline: call.method.toHex() };
		const refused = await send(
			api,
			api.tx["referenda"]!["submit"]!({ system: { Signed: proposer.address } }, inline, { After: 0 }),
			proposer,
		);
		assert.equal(`${refused.refusal?.pallet}.${refused.refusal?.name}`, "referenda.NoTrack");
	});
});
