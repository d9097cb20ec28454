// What programs that know the last release rely on: how transactions are encoded, and which events and errors
// blocks and answers carry. `metadata/release.json` has it of the last release.
//
// Rules:
// - What the last release's transactions were made of (formats, address, signature, extensions and their order, each
//   call's indices and arguments) changes only with a higher `transaction_version`: hardware wallets and programs
//   that encode without metadata know no other sign. A further call, or pallet, needs none.
// - Anything else here changes only with a higher `spec_version`: programs take metadata once for each.

import { TypeRegistry, Metadata } from "@polkadot/types";
import type { PortableRegistry } from "@polkadot/types";
import type { ApiPromise } from "@polkadot/api";
import { u8aToHex } from "@polkadot/util";

/** One version's layout. Each entry is a name and how it is encoded. */
export interface Layout {
	specVersion: number;
	transactionVersion: number;
	/** Formats, address and signature. */
	format: Record<string, string>;
	/** In the order of their encoding, a version of extensions each. */
	extensions: Record<string, string[]>;
	calls: Record<string, string>;
	events: Record<string, string>;
	errors: Record<string, string>;
}

/** Types that are written by name: they contain themselves, or are the sum of what is listed anyway. */
const BY_NAME = new Set(["RuntimeCall", "AccountId32", "Era", "RuntimeEvent"]);

/** A type as its encoding is: fields with their names, variants with their indices. */
function describe(lookup: PortableRegistry, id: any, within: string[] = []): string {
	const type = lookup.getSiType(id);
	const name = type.path.at(-1)?.toString();
	const key = id.toString();
	if (name !== undefined && (BY_NAME.has(name) || within.includes(key))) {
		return name;
	}
	const inner = (id: any) => describe(lookup, id, [...within, key]);
	const { def } = type;
	if (def.isComposite) {
		return fields(def.asComposite.fields, inner);
	}
	if (def.isVariant) {
		const variants = [...def.asVariant.variants].sort((a, b) => a.index.toNumber() - b.index.toNumber());
		const described = variants.map(
			({ index, name, fields: of }) => `${index} ${name}${of.length === 0 ? "" : fields(of, inner)}`,
		);
		return `enum {${described.join("; ")}}`;
	}
	if (def.isSequence) {
		return `[${inner(def.asSequence.type)}]`;
	}
	if (def.isArray) {
		return `[${inner(def.asArray.type)}; ${def.asArray.len}]`;
	}
	if (def.isTuple) {
		return `(${def.asTuple.map(inner).join(", ")})`;
	}
	if (def.isCompact) {
		return `compact ${inner(def.asCompact.type)}`;
	}
	if (def.isPrimitive) {
		return def.asPrimitive.type.toLowerCase();
	}
	if (def.isBitSequence) {
		return "bits";
	}
	throw new Error(`type ${key} is of no kind that metadata has: ${def.type}`);
}

function fields(list: Iterable<any>, inner: (id: any) => string): string {
	const all = [...list];
	const described = all.map(({ name, type }) => (name.isSome ? `${name.unwrap()}: ` : "") + inner(type));
	return all[0]?.name.isSome ? `{${described.join(", ")}}` : `(${described.join(", ")})`;
}

/** The runtime's metadata of this version, asked for as programs do. */
export async function metadataOf(api: ApiPromise, version: number): Promise<Uint8Array> {
	const argument = u8aToHex(api.registry.createType("u32", version).toU8a());
	const answer = await api.rpc.state.call("Metadata_metadata_at_version", argument);
	const opaque = api.registry.createType("Option<OpaqueMetadata>", answer.toU8a(true)) as any;
	if (opaque.isNone) {
		throw new Error(`the runtime has no metadata of version ${version}`);
	}
	return opaque.unwrap().toU8a(true);
}

/** A registry that knows the types of this metadata. */
export function decodeMetadata(bytes: Uint8Array): Metadata {
	const registry = new TypeRegistry();
	const metadata = new Metadata(registry, u8aToHex(bytes));
	registry.setMetadata(metadata);
	return metadata;
}

/** The layout of the runtime that runs. */
export async function layoutOf(api: ApiPromise): Promise<Layout> {
	const metadata = decodeMetadata(await metadataOf(api, 16)).asLatest;
	const { lookup, extrinsic, pallets } = { ...pick(metadata) };
	const layout: Layout = {
		specVersion: api.runtimeVersion.specVersion.toNumber(),
		transactionVersion: api.runtimeVersion.transactionVersion.toNumber(),
		format: {
			versions: [...extrinsic.versions.toU8a(true)].join(", "),
			address: describe(lookup, extrinsic.addressType),
			signature: describe(lookup, extrinsic.signatureType),
		},
		extensions: {},
		calls: {},
		events: {},
		errors: {},
	};
	for (const [version, order] of extrinsic.transactionExtensionsByVersion.entries()) {
		layout.extensions[version.toString()] = [...order].map((index: any) => {
			const { identifier, type, implicit } = extrinsic.transactionExtensions[index.toNumber()];
			return `${identifier}: ${describe(lookup, type)}, signed ${describe(lookup, implicit)}`;
		});
	}
	for (const { name, index, calls, events, errors } of pallets) {
		for (const [kind, into] of [
			[calls, layout.calls],
			[events, layout.events],
			[errors, layout.errors],
		] as const) {
			if (kind.isNone) {
				continue;
			}
			const { variants } = lookup.getSiType(kind.unwrap().type).def.asVariant;
			for (const variant of variants) {
				const inner = (id: any) => describe(lookup, id);
				const of = variant.fields.length === 0 ? "" : fields(variant.fields, inner);
				into[`${name}.${variant.name}`] = `${index}.${variant.index}${of}`;
			}
		}
	}
	return layout;
}

/** polkadot.js types the latest metadata by a version that it does not name alike in all releases. */
function pick(metadata: any): { lookup: PortableRegistry; extrinsic: any; pallets: any[] } {
	return { lookup: metadata.lookup, extrinsic: metadata.extrinsic, pallets: [...metadata.pallets] };
}

/** What differs between two sets of entries. */
function differences(kind: string, before: Record<string, string>, after: Record<string, string>) {
	const changed: string[] = [];
	const added: string[] = [];
	for (const [name, was] of Object.entries(before)) {
		const is = after[name];
		if (is === undefined) {
			changed.push(`${kind} ${name} is gone (it was ${was})`);
		} else if (is !== was) {
			changed.push(`${kind} ${name} was ${was}, is ${is}`);
		}
	}
	for (const [name, is] of Object.entries(after)) {
		if (before[name] === undefined) {
			added.push(`${kind} ${name} is new (${is})`);
		}
	}
	return { changed, added };
}

/** What programs that know `released` are not told by the version numbers of `present`. Nothing if all is well. */
export function untold(released: Layout, present: Layout): string[] {
	const problems: string[] = [];
	const extensions = (layout: Layout) =>
		Object.fromEntries(
			Object.entries(layout.extensions).map(([version, list]) => [`of version ${version}`, list.join(" | ")]),
		);
	const format = differences("format", released.format, present.format);
	const extension = differences("the extensions", extensions(released), extensions(present));
	const calls = differences("call", released.calls, present.calls);
	const events = differences("event", released.events, present.events);
	const errors = differences("error", released.errors, present.errors);
	const encoding = [...format.changed, ...format.added, ...extension.changed, ...extension.added, ...calls.changed];
	const others = [...calls.added, ...events.changed, ...events.added, ...errors.changed, ...errors.added];
	if (present.transactionVersion < released.transactionVersion || present.specVersion < released.specVersion) {
		problems.push(
			`versions only rise: ${released.specVersion}/${released.transactionVersion} was released, this is ` +
				`${present.specVersion}/${present.transactionVersion}`,
		);
	}
	if (encoding.length > 0 && present.transactionVersion <= released.transactionVersion) {
		problems.push(...encoding.map((what) => `${what}: raise transaction_version`));
	}
	if (encoding.length + others.length > 0 && present.specVersion <= released.specVersion) {
		problems.push(...[...encoding, ...others].map((what) => `${what}: raise spec_version`));
	}
	return problems;
}
