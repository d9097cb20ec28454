// Accounts that are more than a key, by polkadot-api: a name, a proxy, an account of several keys.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { createKeyMulti, encodeAddress, sortAddresses } from "@polkadot/util-crypto";
import { connect, eventOf, signer, type Api } from "../src/polkadot-api.ts";
import { account } from "../src/polkadot-js.ts";

const UNIT = 1_000_000_000_000n;
const id = (value: string) => ({ type: "Id", value });
const variant = (type: string, value?: unknown) => ({ type, value });
/** Bytes of a length that their type says, which polkadot-api takes and gives as hex. */
const fixed = (words: string) => `0x${Buffer.from(words).toString("hex")}`;

describe("accounts", () => {
	const { client, api } = connect();
	after(() => client.destroy());

	const address = (uri: string) => account(uri).address;
	const free = async (who: string): Promise<bigint> =>
		(await api.query.System.Account.getValue(who, { at: "best" })).data.free;

	/** Signs and sends; fails unless the call succeeds. */
	async function succeed(call: Api, uri: string) {
		const sent = await call.signAndSubmit(signer(uri));
		assert.ok(sent.ok, JSON.stringify(sent.dispatchError));
		return sent.events;
	}
	async function refusal(call: Api, uri: string): Promise<string> {
		const sent = await call.signAndSubmit(signer(uri));
		assert.ok(!sent.ok, "the call succeeded");
		const { type, value } = sent.dispatchError;
		return type === "Module" ? `${value.type}.${value.value.type}` : type;
	}

	test("an operator gives itself a name, which others read, and takes it back", async () => {
		const none = variant("None");
		const raw = (words: string) => variant(`Raw${words.length}`, fixed(words));
		const info = {
			additional: [],
			display: raw("Bob's models"),
			legal: none,
			web: raw("example.org"),
			riot: none,
			email: none,
			pgp_fingerprint: undefined,
			image: none,
			twitter: none,
		};
		await succeed(api.tx.Identity.set_identity({ info }), "//Bob");
		const known = await api.query.Identity.IdentityOf.getValue(address("//Bob"), { at: "best" });
		assert.deepEqual(known.info.display, raw("Bob's models"));
		assert.ok(known.deposit > 0n);
		const cleared = await succeed(api.tx.Identity.clear_identity(), "//Bob");
		assert.equal(eventOf(cleared, "Identity", "IdentityCleared").deposit, known.deposit);
		assert.equal(await refusal(api.tx.Identity.clear_identity(), "//Bob"), "Identity.NoIdentity");
	});

	test("a proxy votes and nominates for an account, and cannot give its tokens away", async () => {
		const real = address("//Dave");
		// Who is a proxy of several kinds says as which: the pallet takes the first, whatever the call.
		const proxied = (call: Api, kind = "Staking") =>
			api.tx.Proxy.proxy({ real: id(real), force_proxy_type: variant(kind), call: call.decodedCall });
		const kinds = ["Staking", "Governance"];
		await succeed(
			api.tx.Utility.batch_all({
				calls: kinds.map(
					(kind) =>
						api.tx.Proxy.add_proxy({ delegate: id(address("//Ferdie")), proxy_type: variant(kind), delay: 0 }).decodedCall,
				),
			}),
			"//Dave",
		);
		const [proxies, deposit] = await api.query.Proxy.Proxies.getValue(real, { at: "best" });
		assert.deepEqual(proxies.map(({ proxy_type }: any) => proxy_type.type).sort(), [...kinds].sort());
		assert.ok(deposit > 0n);

		const executed = async (call: Api, kind?: string) =>
			eventOf(await succeed(proxied(call, kind), "//Ferdie"), "Proxy", "ProxyExecuted").result;
		const bond = api.tx.Staking.bond({ value: 100n * UNIT, payee: variant("Staked") });
		const done = await executed(bond);
		assert.equal(done.success, true, JSON.stringify(done));
		assert.equal((await api.query.Staking.Ledger.getValue(real, { at: "best" })).active, 100n * UNIT);
		const opinion = variant("Standard", { vote: 0b1000_0001, balance: UNIT });
		const voted = await executed(api.tx.ConvictionVoting.vote({ poll_index: 4_000_000, vote: opinion }), "Governance");
		assert.deepEqual(reason(voted), "ConvictionVoting.NotOngoing", "there is no such referendum, but it could vote");
		const transfer = api.tx.Balances.transfer_keep_alive({ dest: id(address("//Ferdie")), value: UNIT });
		for (const kind of kinds) {
			assert.equal(reason(await executed(transfer, kind)), "System.CallFiltered");
		}
		assert.equal(reason(await executed(bond, "Governance")), "System.CallFiltered");

		await succeed(api.tx.Proxy.remove_proxies(), "//Dave");
		assert.equal(await refusal(proxied(bond), "//Ferdie"), "Proxy.NotProxy");
	});

	/** Why a call that another made failed. */
	function reason(result: any): string {
		assert.equal(result.success, false);
		assert.equal(result.value.type, "Module");
		return `${result.value.value.type}.${result.value.value.value.type}`;
	}

	test("two of three keys move what their account has", async () => {
		const keys = ["//Bob", "//Charlie", "//Ferdie"];
		const shared = encodeAddress(createKeyMulti(keys.map(address), 2), 42);
		await succeed(api.tx.Balances.transfer_keep_alive({ dest: id(shared), value: 5n * UNIT }), "//Bob");
		const payee = address("//Shared//payee");
		const call = api.tx.Balances.transfer_keep_alive({ dest: id(payee), value: UNIT });
		const { weight } = await call.getPaymentInfo(account("//Bob").publicKey);
		const approve = (uri: string, maybe_timepoint?: unknown) =>
			api.tx.Multisig.as_multi({
				threshold: 2,
				other_signatories: sortAddresses(keys.filter((key) => key !== uri).map(address), 42),
				maybe_timepoint,
				call: call.decodedCall,
				max_weight: weight,
			});
		const opened = await approve("//Bob").signAndSubmit(signer("//Bob"));
		assert.ok(opened.ok, JSON.stringify(opened.dispatchError));
		eventOf(opened.events, "Multisig", "NewMultisig");
		assert.equal(await free(payee), 0n, "one of them is not enough");
		assert.equal(await refusal(approve("//Charlie"), "//Charlie"), "Multisig.NoTimepoint");
		const timepoint = { height: opened.block.number, index: opened.block.index };
		const closed = await succeed(approve("//Charlie", timepoint), "//Charlie");
		const { result } = eventOf(closed, "Multisig", "MultisigExecuted");
		assert.equal(result.success, true, JSON.stringify(result));
		assert.equal(await free(payee), UNIT);
		assert.equal(await free(shared), 4n * UNIT);
	});

	test("validators and eras are read", async () => {
		const validators: string[] = await api.query.Session.Validators.getValue();
		assert.deepEqual(validators, [address("//Alice")]);
		const era = await api.query.Staking.ActiveEra.getValue();
		assert.ok(era.index >= 1, "eras pass");
		const pages: number = await api.apis.StakingApi.eras_stakers_page_count(era.index, validators[0]);
		assert.equal(pages, 1);
	});
});
