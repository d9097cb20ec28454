// What the state of a block holds: keys and bytes, by storage item.
'use strict';

const { xxhashAsHex } = require('@polkadot/util-crypto');
const { rpc } = require('../../zombienet/lib/chain');

const PAGE = 1000;
// Bytes of the hashes of pallet and item, in hex with 0x.
const ITEM = 2 + 64;

/** Names of all storage items by the prefix of their keys. */
function itemNames(api) {
	const names = new Map();
	for (const pallet of api.runtimeMetadata.asLatest.pallets) {
		if (pallet.storage.isNone) continue;
		const { prefix, items } = pallet.storage.unwrap();
		for (const item of items) {
			const key = xxhashAsHex(prefix.toString(), 128) + xxhashAsHex(item.name.toString(), 128).slice(2);
			names.set(key, `${pallet.name}.${item.name}`);
		}
	}
	return names;
}

/** Keys, and bytes of keys and values, by storage item, in the state of a block. The node must allow unsafe calls. */
async function measureState(api, node, block) {
	const items = new Map(), names = itemNames(api);
	for (let last = null; ; ) {
		const keys = await rpc(node, 'state_getKeysPaged', '0x', PAGE, last, block);
		for (const key of keys) {
			const item = key.length < ITEM ? key : key.slice(0, ITEM);
			const found = items.get(item) ?? { name: names.get(item) ?? 'other', keys: 0, bytes: 0 };
			found.keys += 1;
			found.bytes += key.length / 2 - 1;
			items.set(item, found);
		}
		if (keys.length < PAGE) break;
		last = keys.at(-1);
	}
	for (const [item, found] of items) found.bytes += await rpc(node, 'state_getStorageSize', item, block);
	const byName = new Map();
	for (const { name, keys, bytes } of items.values()) {
		const sum = byName.get(name) ?? { keys: 0, bytes: 0 };
		byName.set(name, { keys: sum.keys + keys, bytes: sum.bytes + bytes });
	}
	return byName;
}

/** What one state has more than another (or less), by item, largest first, and as a sum. */
function difference(before, after) {
	const rows = [];
	for (const name of new Set([...before.keys(), ...after.keys()])) {
		const a = before.get(name) ?? { keys: 0, bytes: 0 }, b = after.get(name) ?? { keys: 0, bytes: 0 };
		if (a.keys !== b.keys || a.bytes !== b.bytes) rows.push({ name, keys: b.keys - a.keys, bytes: b.bytes - a.bytes });
	}
	rows.sort((a, b) => Math.abs(b.bytes) - Math.abs(a.bytes));
	const sum = (of) => rows.reduce((total, row) => total + row[of], 0);
	return { rows, keys: sum('keys'), bytes: sum('bytes') };
}

module.exports = { difference, measureState };
