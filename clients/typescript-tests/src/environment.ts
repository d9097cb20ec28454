// Where the chain is, and what of this repository the tests use. `scripts/test-clients` sets it.

import { readFileSync, readdirSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const repository = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

function required(name: string): string {
	const value = process.env[name];
	if (value === undefined || value === "") {
		throw new Error(`${name} is not set: run the tests by scripts/test-clients, which starts what they need`);
	}
	return value;
}

/** Address of the node's RPC. */
export const url = () => required("INFERENCE_URL");
/** The program `inference`. */
export const commandLine = () => required("INFERENCE_PROGRAM");
/** Folder of this run: bundles, and what one test file leaves to the next. */
export const run = () => required("INFERENCE_RUN");
/** Address of the prover. */
export const prover = () => required("INFERENCE_PROVER_URL");

/** Models that are sold: the fixture that each is made of, and the name of its bundle in the folder of the run. */
export const models = {
	digits: "mlp-digits",
	diabetes: "linear-regression-diabetes",
} as const;
export type ModelName = keyof typeof models;

/** Inputs of a model, and ONNX Runtime's outputs for them. */
export function fixture(model: ModelName): { inputs: number[][]; outputs: number[][] } {
	const file = join(repository, "prover", "circuits", "fixtures", models[model], "fixture.json");
	return JSON.parse(readFileSync(file, "utf8"));
}

/** Greatest difference from ONNX Runtime's output that is a rounding error, in the output's units (scripts/demo). */
export const TOLERANCE = 0.005;

/** The crates of our pallets, as paths in metadata begin: `pallet_inference_market` and so on. */
export function ownPallets(): string[] {
	const folder = join(repository, "pallets");
	const crates = readdirSync(folder)
		.map((name) => join(folder, name, "Cargo.toml"))
		.filter((file) => existsSync(file))
		.map((file) => /^name\s*=\s*"([^"]+)"/m.exec(readFileSync(file, "utf8"))?.[1]);
	const names = crates.filter((name) => name !== undefined).map((name) => name.replaceAll("-", "_"));
	if (names.length === 0) {
		throw new Error(`${folder} has no pallets`);
	}
	return names;
}
