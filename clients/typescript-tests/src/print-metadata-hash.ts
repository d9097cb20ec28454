// Prints the hash of the runtime's metadata. `scripts/test-clients --print-metadata-hash` calls it.

import { metadataHash, tokenOf } from "./metadata-hash.ts";
import { connect } from "./polkadot-js.ts";

const api = await connect();
try {
	console.log(await metadataHash(api, await tokenOf(api)));
} finally {
	await api.disconnect();
}
