// What a nomination earns, a few eras after `3-nomination` made it, and how stake is taken off again.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ApiPromise } from "@polkadot/api";
import { take } from "../src/handover.ts";
import { account, connect, eventOf, send, succeed } from "../src/polkadot-js.ts";

describe("rewards", () => {
	let api: ApiPromise;
	/** The era that is paid. */
	let era: number;
	const validator = account("//Alice");
	const nominator = account("//Ferdie");
	before(async () => {
		api = await connect();
	});
	after(() => api.disconnect());

	const staking = () => api.query["staking"]!;
	const activeEra = async () => ((await staking()["activeEra"]!()) as any).unwrap().index.toNumber();
	const payout = () => api.tx["staking"]!["payoutStakersByPage"]!(validator.address, era, 0);
	const free = async () => ((await api.query["system"]!["account"]!(nominator.address)) as any).data.free.toBigInt();

	test("the nomination counts from the second era on", { timeout: 240_000 }, async () => {
		const nomination = BigInt(take<string>("nomination"));
		for (era = await activeEra(); ; era = await activeEra()) {
			const page = (await staking()["erasStakersPaged"]!(era, validator.address, 0)) as any;
			if (page.isSome) {
				const { others } = page.unwrap();
				assert.deepEqual(
					[...others].map(({ who, value }: any) => [who.toString(), value.toBigInt()]),
					[[nominator.address, nomination]],
				);
				return;
			}
			await new Promise((resolve) => setTimeout(resolve, 1_000));
		}
	});

	test("an era is paid once it has ended, once, by anybody's transaction", { timeout: 240_000 }, async () => {
		const early = await send(api, payout(), account("//Charlie"));
		assert.equal(early.refusal?.name, "InvalidEraToReward");
		while ((await activeEra()) === era) {
			await new Promise((resolve) => setTimeout(resolve, 1_000));
		}
		const all = ((await staking()["erasValidatorReward"]!(era)) as any).unwrap().toBigInt();
		const points = (await staking()["erasRewardPoints"]!(era)) as any;
		assert.ok(points.total.toNumber() > 0);
		const before = await free();
		const paid = await succeed(api, payout(), account("//Charlie"));
		const rewards = paid.events
			.filter(({ event }) => event.section === "staking" && event.method === "Rewarded")
			.map(({ event }) => ({ stash: event.data[0]!.toString(), amount: (event.data[2] as any).toBigInt() as bigint }));
		assert.deepEqual(rewards.map(({ stash }) => stash).sort(), [validator.address, nominator.address].sort());
		const earned = rewards.find(({ stash }) => stash === nominator.address)!.amount;
		assert.equal((await free()) - before, earned, "it is paid to the stash, free");
		// By stake: the only validator takes no commission and has all points.
		const stake = ((await staking()["erasStakersOverview"]!(era, validator.address)) as any).unwrap();
		const expected = (all * BigInt(take<string>("nomination"))) / stake.total.toBigInt();
		const off = earned - expected;
		assert.ok((off < 0n ? -off : off) <= expected / 1_000_000n, `earned ${earned}, expected ${expected}`);
		const again = await send(api, payout(), account("//Charlie"));
		assert.equal(again.refusal?.name, "AlreadyClaimed");
	});

	test("stake is taken off, and leaves after the eras that a slash may take", async () => {
		const nomination = BigInt(take<string>("nomination"));
		const some = nomination / 2n;
		const unbonded = await succeed(api, api.tx["staking"]!["unbond"]!(some), nominator);
		assert.equal(eventOf(unbonded.events, "staking", "Unbonded")["amount"].toBigInt(), some);
		const ledger = ((await staking()["ledger"]!(nominator.address)) as any).unwrap();
		const duration = (api.consts["staking"]!["bondingDuration"] as any).toNumber();
		const [chunk] = [...ledger.unlocking] as any[];
		const current = ((await staking()["currentEra"]!()) as any).unwrap().toNumber();
		assert.ok([current, current - 1].includes(chunk.era.toNumber() - duration), `era ${chunk.era}, now ${current}`);
		await succeed(api, api.tx["staking"]!["withdrawUnbonded"]!(0), nominator);
		const still = ((await staking()["ledger"]!(nominator.address)) as any).unwrap();
		assert.equal(still.total.toBigInt(), nomination, "nothing leaves before its time");
		await succeed(api, api.tx["staking"]!["rebond"]!(some), nominator);
		await succeed(api, api.tx["staking"]!["chill"]!(), nominator);
		assert.ok(((await staking()["nominators"]!(nominator.address)) as any).isNone);
	});
});
