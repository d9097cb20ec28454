// Our own command line, with which results are compared, and which does what an operator does.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { commandLine } from "./environment.ts";

const execute = promisify(execFile);

/** Runs `inference`, signing as `account` where it signs. Returns the document that it prints. */
export async function inference(account: string, ...args: string[]): Promise<any> {
	try {
		const { stdout } = await execute(commandLine(), ["--output", "json", ...args], {
			env: { ...process.env, INFERENCE_SURI: account },
			maxBuffer: 1 << 26,
		});
		return JSON.parse(stdout);
	} catch (error) {
		const said = (error as { stderr?: string }).stderr ?? String(error);
		throw new Error(`inference ${args.join(" ")}: ${said}`);
	}
}
