// A connection by polkadot.js, with nothing of ours told to it: no types, no extensions.

import { ApiPromise, WsProvider, type SubmittableResult } from "@polkadot/api";
import { Keyring } from "@polkadot/keyring";
import type { KeyringPair } from "@polkadot/keyring/types";
import { cryptoWaitReady } from "@polkadot/util-crypto";
import type { SubmittableExtrinsic, SignerOptions } from "@polkadot/api/types";
import type { DispatchError, EventRecord } from "@polkadot/types/interfaces";
import type { ISubmittableResult, Registry } from "@polkadot/types/types";
import { url } from "./environment.ts";

export type Extrinsic = SubmittableExtrinsic<"promise", ISubmittableResult>;

export async function connect(): Promise<ApiPromise> {
	await cryptoWaitReady();
	// What it does not know of our chain it says on the console (`unknownExtensions` asks for it).
	return ApiPromise.create({ provider: new WsProvider(url()), throwOnConnect: true, noInitWarn: true });
}

/** A development account. */
export function account(uri: string): KeyringPair {
	return new Keyring({ type: "sr25519", ss58Format: 42 }).addFromUri(uri);
}

/** An error of a pallet, as a wallet shows it. */
export interface Refusal {
	pallet: string;
	name: string;
	docs: string;
	/** The variant inside, of an error that carries one. */
	inner?: string;
}

/** Decodes the error of a failed dispatch by the chain's metadata. */
export function refusalOf(registry: Registry, error: DispatchError): Refusal {
	if (!error.isModule) {
		return { pallet: "", name: error.toString(), docs: "" };
	}
	const module = error.asModule;
	const meta = registry.findMetaError(module);
	const refusal: Refusal = { pallet: meta.section, name: meta.name, docs: meta.docs.join(" ").trim() };
	// polkadot.js names the outer error only. What is inside follows its index, encoded by the type of its field.
	const [field] = meta.fields;
	if (field !== undefined) {
		const type = registry.createLookupType(field.type);
		refusal.inner = registry.createType(type, module.error.slice(1)).toString();
	}
	return refusal;
}

/** A transaction in a block. */
export interface Included {
	block: string;
	number: number;
	events: EventRecord[];
	refusal?: Refusal;
}

/** Signs and sends, and waits for a block that has it. Fails if the pool does not take it or loses it. */
export function send(
	api: ApiPromise,
	extrinsic: Extrinsic,
	signer: KeyringPair,
	options: Partial<SignerOptions> = {},
): Promise<Included> {
	return new Promise((resolve, reject) => {
		let unsubscribe: (() => void) | undefined;
		const end = (what: () => void) => {
			unsubscribe?.();
			what();
		};
		extrinsic
			.signAndSend(signer, { nonce: -1, ...options }, (result) => {
				const { status } = result;
				if (status.isInBlock) {
					const error = result.dispatchError;
					end(() =>
						resolve({
							block: status.asInBlock.toHex(),
							number: (result as SubmittableResult).blockNumber!.toNumber(),
							events: result.events,
							...(error === undefined ? {} : { refusal: refusalOf(api.registry, error) }),
						}),
					);
				} else if (result.isError) {
					end(() => reject(new Error(`the transaction left the pool: ${status.type}`)));
				}
			})
			.then((stop) => {
				unsubscribe = stop;
			})
			.catch(reject);
	});
}

/** Sends, and fails unless the call succeeds. */
export async function succeed(
	api: ApiPromise,
	extrinsic: Extrinsic,
	signer: KeyringPair,
	options: Partial<SignerOptions> = {},
): Promise<Included> {
	const included = await send(api, extrinsic, signer, options);
	if (included.refusal !== undefined) {
		const { pallet, name, docs } = included.refusal;
		throw new Error(`${extrinsic.method.section}.${extrinsic.method.method}: ${pallet}.${name}: ${docs}`);
	}
	return included;
}

/** The fields of the one event of this name. */
export function eventOf(events: EventRecord[], pallet: string, name: string): Record<string, any> {
	const found = events.filter(({ event }) => event.section === pallet && event.method === name);
	const [record] = found;
	if (record === undefined || found.length > 1) {
		const there = events.map(({ event }) => `${event.section}.${event.method}`).join(", ");
		throw new Error(`expected one event ${pallet}.${name}, got ${found.length} among ${there}`);
	}
	const { data } = record.event;
	return Object.fromEntries((data.names ?? []).map((key, index) => [key, data[index]]));
}

/**
 * The events of a workload, block by block of the finalised chain, beginning with block `from`, until `last` is among them.
 */
export async function watch(
	api: ApiPromise,
	workload: string,
	from: number,
	last: string,
	limitSeconds: number,
): Promise<{ name: string; block: number; fields: Record<string, any> }[]> {
	const seen: { name: string; block: number; fields: Record<string, any> }[] = [];
	let next = from;
	let newest = 0;
	let wake = () => {};
	const stop = await api.rpc.chain.subscribeFinalizedHeads((header) => {
		newest = header.number.toNumber();
		wake();
	});
	const limit = Date.now() + limitSeconds * 1_000;
	try {
		for (;;) {
			while (next > newest) {
				const left = limit - Date.now();
				if (left <= 0) {
					const names = seen.map(({ name }) => name).join(", ");
					throw new Error(`${last} did not come within ${limitSeconds} s; seen: ${names}`);
				}
				await new Promise<void>((resolve) => {
					const timer = setTimeout(resolve, left);
					wake = () => {
						clearTimeout(timer);
						resolve();
					};
				});
			}
			const at = await api.at(await api.rpc.chain.getBlockHash(next));
			const records = (await at.query.system!.events!()) as unknown as EventRecord[];
			for (const { event } of records) {
				const fields = Object.fromEntries((event.data.names ?? []).map((key, index) => [key, event.data[index]]));
				if (fields["workload"]?.toHex() === workload) {
					seen.push({ name: event.method, block: next, fields });
					if (event.method === last) {
						return seen;
					}
				}
			}
			next += 1;
		}
	} finally {
		stop();
	}
}

/** What a node says of a transaction that it does not take. */
export async function rejection(submitted: Promise<unknown>): Promise<string> {
	try {
		await submitted;
	} catch (error) {
		return (error as Error).message;
	}
	throw new Error("the transaction was taken");
}
