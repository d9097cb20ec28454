// Metadata as programs ask for it: every version of its format, docs of all that is ours, and that each error and event
// of every pallet is decoded by name.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ApiPromise } from "@polkadot/api";
import type { Metadata } from "@polkadot/types";
import { findUnknownExtensions } from "@polkadot/types/extrinsic/signedExtensions";
import { u8aConcat } from "@polkadot/util";
import { decAnyMetadata, unifyMetadata } from "@polkadot-api/substrate-bindings";
import { ownPallets } from "../src/environment.ts";
import { decodeMetadata, layoutOf, metadataOf } from "../src/layout.ts";
import { connect } from "../src/polkadot-js.ts";

interface Variant {
	pallet: string;
	palletIndex: number;
	name: string;
	index: number;
	docs: string;
	fields: { name?: string; type: any }[];
}

/** The calls, events or errors of all pallets, by polkadot.js's reading. */
function all(metadata: Metadata, kind: "calls" | "events" | "errors"): (Variant & { crate: string })[] {
	const latest = metadata.asLatest as any;
	const found: (Variant & { crate: string })[] = [];
	for (const pallet of latest.pallets) {
		const crate = pallet.calls.isSome ? latest.lookup.getSiType(pallet.calls.unwrap().type).path[0].toString() : "";
		if (pallet[kind].isNone) {
			continue;
		}
		for (const variant of latest.lookup.getSiType(pallet[kind].unwrap().type).def.asVariant.variants) {
			found.push({
				crate,
				pallet: pallet.name.toString(),
				palletIndex: pallet.index.toNumber(),
				name: variant.name.toString(),
				index: variant.index.toNumber(),
				docs: variant.docs.join(" ").trim(),
				fields: variant.fields.map((field: any) => ({
					...(field.name.isSome ? { name: field.name.unwrap().toString() } : {}),
					type: field.type,
				})),
			});
		}
	}
	return found;
}

/** Those of our pallets: a pallet is ours if its calls' type is of one of our crates, whatever its name and index. */
function ours(metadata: Metadata, kind: "calls" | "events" | "errors"): Variant[] {
	const crates = ownPallets();
	const found = all(metadata, kind).filter(({ crate }) => crates.includes(crate));
	const seen = new Set(found.map(({ crate }) => crate));
	assert.deepEqual([...seen].sort(), crates.sort(), "each crate of pallets/ is in the runtime");
	return found;
}

/** The names of our errors and so on, by polkadot-api's reading, with their docs. */
function oursByPapi(bytes: Uint8Array, kind: "calls" | "events" | "errors"): Map<string, string> {
	const metadata = unifyMetadata(decAnyMetadata(bytes));
	const crates = ownPallets();
	const type = (id: number) => metadata.lookup.find((entry) => entry.id === id)!;
	const found = new Map<string, string>();
	for (const pallet of metadata.pallets) {
		const id = (of: any): number | undefined => (typeof of === "number" ? of : of?.type);
		const calls = id(pallet.calls);
		if (calls === undefined || !crates.includes(type(calls).path[0]!)) {
			continue;
		}
		const wanted = id(pallet[kind]);
		if (wanted === undefined) {
			continue;
		}
		const { def } = type(wanted);
		assert.equal(def.tag, "variant");
		for (const variant of def.value as any[]) {
			found.set(`${pallet.name}.${variant.name}`, variant.docs.join(" ").trim());
		}
	}
	return found;
}

describe("metadata", () => {
	let api: ApiPromise;
	const versions = [14, 15, 16];
	const bytes = new Map<number, Uint8Array>();
	before(async () => {
		api = await connect();
		for (const version of versions) {
			bytes.set(version, await metadataOf(api, version));
		}
	});
	after(() => api.disconnect());

	test("there are the versions that clients ask for", async () => {
		const answer = await api.rpc.state.call("Metadata_metadata_versions", "0x");
		const offered = api.registry.createType("Vec<u32>", answer.toU8a(true)).toJSON() as number[];
		for (const version of versions) {
			assert.ok(offered.includes(version), `no version ${version} among ${offered}`);
			assert.equal(decodeMetadata(bytes.get(version)!).version, version);
		}
		const legacy = await api.rpc.state.getMetadata();
		assert.equal(legacy.version, 14);
	});

	for (const version of versions) {
		for (const kind of ["calls", "events", "errors"] as const) {
			test(`in version ${version}, all of our ${kind} are documented, and both clients read the same`, () => {
				const found = ours(decodeMetadata(bytes.get(version)!), kind);
				const silent = found.filter(({ docs }) => docs === "").map(({ pallet, name }) => `${pallet}.${name}`);
				assert.deepEqual(silent, [], `${kind} without docs: a wallet has only their names to show`);
				const theirs = oursByPapi(bytes.get(version)!, kind);
				const mine = new Map(found.map(({ pallet, name, docs }) => [`${pallet}.${name}`, docs]));
				assert.deepEqual([...theirs].sort(), [...mine].sort());
			});
		}
	}

	test("the transaction extensions that polkadot.js does not know have no data, so that wallets can sign", async () => {
		const unknown = findUnknownExtensions(api.registry.signedExtensions);
		const extensions = Object.values((await layoutOf(api)).extensions).flat();
		for (const name of unknown) {
			// With data, who uses polkadot.js must be told by its option `signedExtensions`; users of its Apps and of
			// wallets cannot be told.
			assert.ok(extensions.includes(`${name}: (), signed ()`), extensions.join("\n"));
		}
		assert.ok(unknown.includes("CheckStep"), `CheckStep is ours; unknown are ${unknown}`);
	});

	test("every error is decoded by name from the bytes of a failed dispatch", () => {
		const errors = all(api.runtimeMetadata, "errors");
		assert.ok(errors.length > ours(api.runtimeMetadata, "errors").length, "others' too");
		for (const { pallet, palletIndex, name, index, docs } of errors) {
			const error = api.registry.createType("DispatchError", {
				Module: { index: palletIndex, error: [index, 0, 0, 0] },
			}) as any;
			const found = api.registry.findMetaError(error.asModule);
			assert.equal(found.name, name);
			assert.equal(found.section.toLowerCase(), pallet.toLowerCase());
			assert.equal(found.docs.join(" ").trim(), docs);
		}
	});

	test("every event is decoded by name, with the names of its fields", () => {
		const events = all(api.runtimeMetadata, "events");
		assert.ok(events.length > ours(api.runtimeMetadata, "events").length, "others' too");
		for (const { pallet, palletIndex, name, index, fields } of events) {
			const values = fields.map(({ type }) =>
				api.registry.createType(api.registry.createLookupType(type)).toU8a(),
			);
			const encoded = u8aConcat(new Uint8Array([palletIndex, index]), ...values);
			const event = api.registry.createType("Event", encoded) as any;
			assert.equal(event.method, name);
			assert.equal(event.section.toLowerCase(), pallet.toLowerCase());
			const names: string[] = event.data.names ?? [];
			// A name that polkadot.js has for something else gets a line under its end: `hash_`.
			const plain = names.map((key) => key.replace(/_$/, ""));
			assert.deepEqual(plain, fields.flatMap((field) => field.name ?? []).map(camel));
			assert.deepEqual(event.toU8a(), encoded, `${pallet}.${name} is not encoded again as it was`);
		}
	});
});

/** Names of fields as polkadot.js gives them. */
function camel(name: string): string {
	return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
