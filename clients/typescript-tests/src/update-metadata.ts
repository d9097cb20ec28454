// Writes metadata/release.json from the runtime that runs. `scripts/test-clients --update-metadata` calls it.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "./polkadot-js.ts";
import { repository } from "./environment.ts";
import { layoutOf, untold, type Layout } from "./layout.ts";

export const RELEASE = join(repository, "clients", "typescript-tests", "metadata", "release.json");

async function main(): Promise<number> {
	const unreleased = process.argv.includes("--unreleased");
	const api = await connect();
	try {
		const present = await layoutOf(api);
		if (existsSync(RELEASE) && !unreleased) {
			const released = JSON.parse(readFileSync(RELEASE, "utf8")) as Layout;
			const problems = untold(released, present);
			if (problems.length > 0) {
				console.error(
					`metadata/release.json stays: the versions (runtime/src/versions.rs) do not tell of\n  ` +
						`${problems.join("\n  ")}\nIf no chain but development ones has run version ` +
						`${released.specVersion}: --unreleased writes it all the same.`,
				);
				return 1;
			}
		}
		writeFileSync(RELEASE, `${JSON.stringify(present, undefined, "\t")}\n`);
		console.error(`${RELEASE} has version ${present.specVersion}/${present.transactionVersion} now`);
		return 0;
	} finally {
		await api.disconnect();
	}
}

process.exitCode = await main();
