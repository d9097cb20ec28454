// What one test file leaves to the next: they are processes of their own, run in the order of their names.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run, type ModelName } from "./environment.ts";

export interface Registered {
	model: number;
	version: number;
}

const file = (name: string) => join(run(), `${name}.handover.json`);

export function leave(name: string, value: unknown): void {
	writeFileSync(file(name), JSON.stringify(value));
}

/** What an earlier file left; an error that says so if it failed before. */
export function take<T>(name: string): T {
	try {
		return JSON.parse(readFileSync(file(name), "utf8"));
	} catch {
		throw new Error(`an earlier test file should have left ${name}: look at its failure first`);
	}
}

export const registered = (model: ModelName) => take<Registered>(`model-${model}`);
/** MODEL.VERSION, as the command line takes it. */
export const reference = ({ model, version }: Registered) => `${model}.${version}`;
