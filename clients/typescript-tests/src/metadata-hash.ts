// The hash of the runtime's metadata, which wallets sign (`CheckMetadataHash`).

import { merkleizeMetadata } from "@polkadot-api/merkleize-metadata";
import type { ApiPromise } from "@polkadot/api";
import { u8aToHex } from "@polkadot/util";
import { metadataOf } from "./layout.ts";

export interface Token {
	decimals: number;
	tokenSymbol: string;
}

/** The token that the chain specification names. */
export async function tokenOf(api: ApiPromise): Promise<Token> {
	const { tokenSymbol, tokenDecimals } = await api.rpc.system.properties();
	return {
		tokenSymbol: tokenSymbol.unwrap()[0]!.toString(),
		decimals: tokenDecimals.unwrap()[0]!.toNumber(),
	};
}

/** The hash, of metadata 15, as the runtime's own build makes it. */
export async function metadataHash(api: ApiPromise, token: Token): Promise<`0x${string}`> {
	return u8aToHex(merkleizeMetadata(await metadataOf(api, 15), token).digest());
}
