// Staking by polkadot.js, as its Apps ask for it: eras and validators are read, a nominator bonds and nominates, a
// candidate sets its keys and stands for election. What the nomination earns is paid in `8-rewards`.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ApiPromise } from "@polkadot/api";
import { u8aToHex } from "@polkadot/util";
import { leave } from "../src/handover.ts";
import { account, connect, eventOf, send, succeed } from "../src/polkadot-js.ts";

const UNIT = 1_000_000_000_000n;
/** What the nominator bonds. */
const NOMINATION = 5_000n * UNIT;

describe("staking", () => {
	let api: ApiPromise;
	const validator = account("//Alice");
	const nominator = account("//Ferdie");
	const candidate = account("//Eve");
	before(async () => {
		api = await connect();
	});
	after(() => api.disconnect());

	const staking = () => api.query["staking"]!;
	const bond = (amount: bigint) => api.tx["staking"]!["bond"]!(amount, "Stash");
	const refusal = async (call: ReturnType<typeof bond>, signer = nominator) => {
		const { pallet, name } = (await send(api, call, signer)).refusal ?? {};
		return `${pallet}.${name}`;
	};

	test("validators and the era's progress are read as polkadot.js Apps reads them", async () => {
		const overview = await api.derive.staking.overview();
		assert.deepEqual(overview.validators.map(String), [validator.address]);
		const { eraLength, sessionLength, isEpoch } = await api.derive.session.progress();
		assert.ok(isEpoch, "sessions are BABE's epochs");
		const sessions = (api.consts["staking"]!["sessionsPerEra"] as any).toNumber();
		assert.equal(eraLength.toNumber(), sessionLength.toNumber() * sessions);
		const { active } = (await staking()["ledger"]!(validator.address) as any).unwrap();
		const stake = ((await staking()["erasStakersOverview"]!(overview.activeEra, validator.address)) as any).unwrap();
		assert.equal(stake.own.toBigInt(), active.toBigInt());
		assert.equal(stake.total.toBigInt(), active.toBigInt(), "nobody nominates yet");
	});

	test("a nominator bonds and nominates", async () => {
		const least = ((await staking()["minNominatorBond"]!()) as any).toBigInt();
		assert.equal(await refusal(api.tx["staking"]!["nominate"]!([validator.address])), "staking.NotController");
		assert.equal(await refusal(bond(0n)), "staking.InsufficientBond");
		const bonded = await succeed(api, bond(NOMINATION), nominator);
		assert.equal(eventOf(bonded.events, "staking", "Bonded")["amount"].toBigInt(), NOMINATION);
		assert.ok(NOMINATION >= least);
		assert.equal(await refusal(bond(NOMINATION)), "staking.AlreadyBonded");
		assert.equal(await refusal(api.tx["staking"]!["nominate"]!([])), "staking.EmptyTargets");
		await succeed(api, api.tx["staking"]!["nominate"]!([validator.address]), nominator);

		const { targets } = ((await staking()["nominators"]!(nominator.address)) as any).unwrap();
		assert.deepEqual(targets.map(String), [validator.address]);
		// The list of voters, from which an election takes those with most.
		const node = ((await api.query["voterList"]!["listNodes"]!(nominator.address)) as any).unwrap();
		assert.equal(node.score.toBigInt(), NOMINATION);
		const shown = await api.derive.staking.account(nominator.address);
		assert.equal(shown.stakingLedger.active.toBigInt(), NOMINATION);
		leave("nomination", NOMINATION.toString());
	});

	test("a candidate sets its session keys, which its node made, and stands for election", async () => {
		const least = ((await staking()["minValidatorBond"]!()) as any).toBigInt();
		const generated = (await (api as any)._rpcCore.provider.send("author_rotateKeysWithOwner", [
			u8aToHex(candidate.publicKey),
		])) as { keys: string; proof: string };
		const validate = (commission: number) => api.tx["staking"]!["validate"]!({ commission, blocked: false });
		await succeed(api, bond(least - 1n), candidate);
		assert.equal(await refusal(validate(0), candidate), "staking.InsufficientBond");
		await succeed(api, api.tx["staking"]!["bondExtra"]!(1n), candidate);

		// Keys that the node of another stash has made.
		const stolen = api.tx["session"]!["setKeys"]!(generated.keys, generated.proof);
		assert.equal(await refusal(stolen, nominator), "session.InvalidProof");
		await succeed(api, stolen, candidate);
		const keys = ((await api.query["session"]!["nextKeys"]!(candidate.address)) as any).unwrap();
		assert.equal(keys.toHex(), generated.keys);

		// Chilled at once: elected, it would be a second voter of this one node, and half of them make no finality.
		// zombienet/05-staking lets one be elected.
		const stood = await succeed(
			api,
			api.tx["utility"]!["batchAll"]!([validate(50_000_000), api.tx["staking"]!["chill"]!()]),
			candidate,
		);
		const { prefs } = eventOf(stood.events, "staking", "ValidatorPrefsSet");
		assert.equal(prefs.commission.toNumber(), 50_000_000);
		assert.equal(eventOf(stood.events, "staking", "Chilled")["stash"].toString(), candidate.address);

		await succeed(api, api.tx["session"]!["purgeKeys"]!(), candidate);
		assert.ok(((await api.query["session"]!["nextKeys"]!(candidate.address)) as any).isNone);
	});
});
