// What `inference circuit build` wrote, as the chain takes it. A wallet or a marketplace that registers
// models has to do the same.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { blake2AsU8a } from "@polkadot/util-crypto";
import { compactToU8a, stringToU8a, u8aConcat, u8aToHex } from "@polkadot/util";
import { run, type ModelName } from "./environment.ts";

export interface TensorSpec {
	shape: number[];
	scaleBits: number;
	min: bigint;
	max: bigint;
	visibility: string;
}

export interface Bundle {
	name: string;
	system: string;
	setup: string;
	key: Uint8Array;
	input: TensorSpec;
	output: TensorSpec;
	vkHash: string;
	bundleHash: string;
	circuitHash: string;
}

/** Bounds of a domain have up to 57 bits, more than a number of JavaScript holds. */
function parseExactly(json: string): any {
	return JSON.parse(json.replace(/([:[,]\s*)(-?\d{16,})(?=\s*[,\]}])/g, '$1"$2"'));
}

function tensor(spec: any): TensorSpec {
	return {
		shape: spec.shape,
		scaleBits: spec.scale_bits,
		min: BigInt(spec.min),
		max: BigInt(spec.max),
		visibility: capitalised(spec.visibility),
	};
}

/** The manifest has variants in lower case, metadata has them as Rust does. */
const capitalised = (name: string) => name.charAt(0).toUpperCase() + name.slice(1);

/** BLAKE2b-256 of a tag and encoded values (primitives/src/hashing.rs). */
function taggedHash(tag: string, ...encoded: Uint8Array[]): Uint8Array {
	return blake2AsU8a(u8aConcat(stringToU8a(tag), ...encoded), 256);
}

/** Reads the bundle of a model. */
export function readBundle(model: ModelName): Bundle {
	const file = (name: string) => new Uint8Array(readFileSync(join(run(), model, name)));
	const manifestBytes = file("manifest.json");
	const manifest = parseExactly(new TextDecoder().decode(manifestBytes));
	const { inferences, hidden_input: hiddenInput } = manifest.layout.claim;
	const claim = new Uint8Array([inferences & 255, inferences >> 8, hiddenInput ? 1 : 0]);
	return {
		name: manifest.name,
		system: capitalised(manifest.system),
		setup: manifest.setup,
		key: file("plan.bin"),
		input: tensor(manifest.input),
		output: tensor(manifest.output),
		vkHash: manifest.vk_hash,
		// prover/circuits/src/bundle.rs, `hash_of`
		bundleHash: u8aToHex(
			taggedHash("inference-network/bundle/v1", compactToU8a(manifestBytes.length), manifestBytes),
		),
		// primitives/src/binding.rs, `circuit_hash`
		circuitHash: u8aToHex(
			taggedHash("inference-network/circuit/v1", blake2AsU8a(file("graph.bin"), 256), claim),
		),
	};
}

/** Real numbers as the model's fixed point, rounded to the nearest, halves away from zero. */
export function toFixed(values: number[], spec: TensorSpec): bigint[] {
	return values.map((value) => {
		const scaled = value * 2 ** spec.scaleBits;
		return BigInt(Math.sign(scaled) * Math.round(Math.abs(scaled)));
	});
}

/** Fixed point as real numbers. */
export function toReal(values: bigint[], spec: TensorSpec): number[] {
	return values.map((value) => Number(value) / 2 ** spec.scaleBits);
}

/** Index of the greatest. */
export const argmax = (values: number[]) => values.indexOf(Math.max(...values));
