// Reasons for which transactions are not admitted to a pool or a block. They are numbers, and metadata names them
// nowhere: programs have to know this enumeration of ours.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./environment.ts";

/** The numbers of `NotAdmitted`, from its source. */
export function notAdmitted(): Map<string, number> {
	const file = join(repository, "pallets", "inference-market", "src", "extension.rs");
	const body = /enum NotAdmitted \{([^}]*)\}/.exec(readFileSync(file, "utf8"))?.[1] ?? "";
	return new Map([...body.matchAll(/(\w+) = (\d+),/g)].map(([, name, number]) => [name!, Number(number)]));
}

/** What a node says of a transaction that is not admitted for this reason. */
export function customError(reason: string): RegExp {
	const number = notAdmitted().get(reason);
	if (number === undefined) {
		throw new Error(`NotAdmitted has no ${reason}`);
	}
	return new RegExp(`Custom error: ${number}$`);
}
