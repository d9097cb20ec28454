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
import { metadataOf } from "../src/layout.ts";
import { metadataHash, tokenOf, type Token } from "../src/metadata-hash.ts";
import * as papi from "../src/polkadot-api.ts";
import { account, connect, rejection, send, succeed } from "../src/polkadot-js.ts";

const required = process.env["INFERENCE_METADATA_HASH"] === "required";
/** What a node says if the runtime has no hash. */
const HAS_NONE = /Could not lookup information required to validate the transaction/;

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
				value: { type: "CannotLookup", value: undefined },
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

	test("what a wallet needs to show a transaction is proven by the hash", async () => {
		const merkleized = merkleizeMetadata(await metadataOf(api, 15), token);
		const extrinsic = await remark().signAsync(account("//Charlie"), { nonce: 0, era: 0 });
		// What a hardware wallet is sent with the transaction: the types that its decoding needs, and their path.
		const proof = merkleized.getProofForExtrinsic(extrinsic.toU8a());
		assert.ok(proof.length > 0);
	});
});
