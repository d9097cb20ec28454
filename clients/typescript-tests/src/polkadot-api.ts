// A connection by polkadot-api, which reads all that it knows of the chain from its metadata: no descriptors.

import { createClient, type PolkadotClient } from "polkadot-api";
import { getWsProvider, type WebSocketClass } from "polkadot-api/ws";
import { getPolkadotSigner, withMetadataHash } from "polkadot-api/signer";
import { WebSocket } from "ws";
import { account } from "./polkadot-js.ts";
import { url } from "./environment.ts";

export type Client = PolkadotClient;
/** Without descriptors nothing is typed: names are looked up in metadata when they are used. */
export type Api = any;

export function connect(): { client: Client; api: Api } {
	// Node has a WebSocket of its own from version 22 on.
	const websocketClass = WebSocket as unknown as WebSocketClass;
	const client = createClient(getWsProvider(url(), { websocketClass }));
	return { client, api: client.getUnsafeApi() };
}

/** The signer of a development account. */
export function signer(uri: string) {
	const pair = account(uri);
	return getPolkadotSigner(pair.publicKey, "Sr25519", (payload) => pair.sign(payload));
}

/** The same, that signs the hash of the chain's metadata, too. */
export function signerWithMetadataHash(uri: string, token: { decimals: number; tokenSymbol: string }) {
	return withMetadataHash(token, signer(uri));
}

/** An event of a transaction or a block. */
export interface Event {
	type: string;
	value: { type: string; value: any };
}

/** The value of the one event of this name. */
export function eventOf(events: Event[], pallet: string, name: string): any {
	const found = events.filter((event) => event.type === pallet && event.value.type === name);
	const [event] = found;
	if (event === undefined || found.length > 1) {
		const there = events.map(({ type, value }) => `${type}.${value.type}`).join(", ");
		throw new Error(`expected one event ${pallet}.${name}, got ${found.length} among ${there}`);
	}
	return event.value.value;
}
