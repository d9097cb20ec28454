// Signing with the hash of the chain's metadata (`CheckMetadataHash`), as hardware wallets do: what they show is then
// what the chain does, or the chain refuses it.
//
// The runtime knows its own hash only if it was built with one (README.md, "The metadata's hash"). Without, it refuses
// all transactions in this mode; INFERENCE_METADATA_HASH=required, which scripts/test-clients --metadata-hash sets,
// makes that a failure.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { merkleizeMetadata } from "@polkadot-api/merkleize-metadata";
import type { ApiPromise } from "@polkadot/api";
import { hexToU8a, u8aConcat } from "@polkadot/util";
import { signatureVerify } from "@polkadot/util-crypto";
import { metadataOf } from "../src/layout.ts";
import { metadataHash, tokenOf, type Token } from "../src/metadata-hash.ts";
import * as papi from "../src/polkadot-api.ts";
import { account, connect, rejection, send, succeed } from "../src/polkadot-js.ts";

const required = process.env["INFERENCE_METADATA_HASH"] === "required";
/** What a node says if the runtime has no hash. */
const HAS_NONE = /CannotLookup/;

describe("the metadata's hash", () => {
	let api: ApiPromise;
	let hash: string;
	let built: boolean;
	let token: Token;
	const modern = papi.connect();
	const remark = () => api.tx["system"]!["remark"]!("0x00");
	const signed = (metadataHash: string) => ({ mode: 1, metadataHash: metadataHash as any });

	before(async () => {
		api = await connect();
		token = await tokenOf(api);
		hash = await metadataHash(api, token);
		try {
			await succeed(api, remark(), account("//Charlie"), signed(hash));
			built = true;
		} catch (error) {
			assert.match((error as Error).message, HAS_NONE, "the true hash is refused for another reason");
			built = false;
		}
	});
	after(async () => {
		modern.client.destroy();
		await api.disconnect();
	});

	test("polkadot.js: a transaction with the true hash is accepted", (context) => {
		if (!built && !required) {
			context.skip("this runtime was built without its hash");
			return;
		}
		assert.ok(built, `the runtime was built without its hash, ${hash}`);
	});

	test("polkadot-api: a transaction with the true hash is accepted", async (context) => {
		const call = modern.api.tx.System.remark({ remark: new Uint8Array([0]) });
		const sent = call.signAndSubmit(papi.signerWithMetadataHash("//Ferdie", token));
		if (!built && !required) {
			assert.deepEqual(JSON.parse(await rejection(sent)), {
				type: "Unknown",
				value: { type: "CannotLookup" },
			});
			context.skip("this runtime was built without its hash");
			return;
		}
		assert.equal((await sent).ok, true);
	});

	test("a transaction with another hash is refused", async () => {
		const other = `0x${"01".repeat(32)}`;
		const said = await rejection(send(api, remark(), account("//Charlie"), signed(other)));
		assert.match(said, built ? /bad signature/ : HAS_NONE);
	});

	test("the hash of a token with other decimals is another: a wallet cannot be made to show them", async () => {
		const other = await metadataHash(api, { ...token, decimals: token.decimals - 1 });
		assert.notEqual(other, hash);
		const said = await rejection(send(api, remark(), account("//Charlie"), signed(other)));
		assert.match(said, built ? /bad signature/ : HAS_NONE);
	});

	test("the hash is in what is signed, where the runtime puts its own", async () => {
		const signer = account("//Charlie");
		const extrinsic = await remark().signAsync(signer, { nonce: 0, era: 0, ...signed(hash) });
		const genesis = api.genesisHash.toU8a();
		const u32 = (value: number) => new Uint8Array(new Uint32Array([value]).buffer);
		const zero = new Uint8Array([0]);
		const put: Record<string, Uint8Array> = {
			CheckMortality: zero,
			CheckNonce: zero,
			ChargeTransactionPayment: zero,
			CheckMetadataHash: new Uint8Array([1]),
		};
		const sign = (implicit: Uint8Array): Record<string, Uint8Array> => ({
			CheckSpecVersion: u32(api.runtimeVersion.specVersion.toNumber()),
			CheckTxVersion: u32(api.runtimeVersion.transactionVersion.toNumber()),
			CheckGenesis: genesis,
			CheckMortality: genesis,
			CheckMetadataHash: implicit,
		});
		const { signedExtensions: extensions } = api.registry;
		const payload = (implicit: Uint8Array) =>
			u8aConcat(
				extrinsic.method.toU8a(),
				...[put, sign(implicit)].flatMap((of) => extensions.flatMap((name) => of[name] ?? [])),
			);
		// Without the first byte, which says what kind of signature it is.
		const verifies = (implicit: Uint8Array) =>
			signatureVerify(payload(implicit), extrinsic.signature.toU8a().slice(-64), signer.address).isValid;
		assert.equal(verifies(u8aConcat([1], hexToU8a(hash))), true);
		assert.equal(verifies(u8aConcat([1], new Uint8Array(32))), false);
		assert.equal(verifies(zero), false);
	});

	test("what a wallet needs to show a transaction is proven by the hash", async () => {
		const merkleized = merkleizeMetadata(await metadataOf(api, 15), token);
		const extrinsic = await remark().signAsync(account("//Charlie"), { nonce: 0, era: 0 });
		// What a hardware wallet is sent with the transaction: the types that its decoding needs, and their path.
		const proof = merkleized.getProofForExtrinsic(extrinsic.toU8a());
		assert.ok(proof.length > 0);
		// It is what the types of this call need: those of another need others.
		const order = api.tx["inferenceMarket"]!["claim"]!(account("//Charlie").address);
		const other = await order.signAsync(account("//Charlie"), { nonce: 0, era: 0 });
		assert.notDeepEqual(merkleized.getProofForExtrinsic(other.toU8a()), proof);
		assert.throws(() => merkleized.getProofForExtrinsic(extrinsic.toU8a().slice(0, -1)));
	});
});
