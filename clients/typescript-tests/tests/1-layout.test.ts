// The runtime's metadata against the last release's.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ApiPromise } from "@polkadot/api";
import { repository } from "../src/environment.ts";
import { layoutOf, untold, type Layout } from "../src/layout.ts";
import { connect } from "../src/polkadot-js.ts";

const file = join(repository, "clients", "typescript-tests", "metadata", "release.json");
const released = JSON.parse(readFileSync(file, "utf8")) as Layout;

/** The released layout, changed. */
function changed(change: (layout: Layout) => void): Layout {
	const layout = structuredClone(released);
	change(layout);
	return layout;
}

const [firstCall] = Object.keys(released.calls) as [string];
const [firstEvent] = Object.keys(released.events) as [string];
const [firstError] = Object.keys(released.errors) as [string];

describe("the layout of the last release", () => {
	let api: ApiPromise;
	before(async () => {
		api = await connect();
	});
	after(() => api.disconnect());

	test("what the runtime changed of it, its version numbers tell", async () => {
		const problems = untold(released, await layoutOf(api));
		assert.deepEqual(
			problems,
			[],
			`${problems.join("\n")}\nRaise it in runtime/src/versions.rs. If no chain but development ones has run the ` +
				`version before: scripts/test-clients --update-metadata --unreleased`,
		);
	});

	test("an unchanged layout needs nothing", () => {
		assert.deepEqual(untold(released, structuredClone(released)), []);
	});

	for (const [what, change] of Object.entries<(layout: Layout) => void>({
		"another index of a call": (layout) => (layout.calls[firstCall] = `250.${layout.calls[firstCall]}`),
		"another argument of a call": (layout) => (layout.calls[firstCall] += " "),
		"a call that is gone": (layout) => delete layout.calls[firstCall],
		"another order of extensions": (layout) => Object.values(layout.extensions)[0]!.reverse(),
		"one more extension": (layout) => Object.values(layout.extensions)[0]!.push("Other: (), signed ()"),
		"another address": (layout) => (layout.format["address"] = "u32"),
	})) {
		test(`${what} needs a higher transaction_version`, () => {
			const specOnly = changed((layout) => {
				change(layout);
				layout.specVersion += 1;
			});
			const problems = untold(released, specOnly);
			assert.equal(problems.length, 1, problems.join("\n"));
			assert.match(problems[0]!, /raise transaction_version/);
			const both = changed((layout) => {
				change(layout);
				layout.specVersion += 1;
				layout.transactionVersion += 1;
			});
			assert.deepEqual(untold(released, both), []);
		});
	}

	for (const [what, change] of Object.entries<(layout: Layout) => void>({
		"a further call": (layout) => (layout.calls["Further.call"] = "251.0"),
		"another index of an event": (layout) => (layout.events[firstEvent] = "251.0"),
		"another index of an error": (layout) => (layout.errors[firstError] = "251.0"),
		"an error that is gone": (layout) => delete layout.errors[firstError],
	})) {
		test(`${what} needs a higher spec_version`, () => {
			const problems = untold(released, changed(change));
			assert.equal(problems.length, 1, problems.join("\n"));
			assert.match(problems[0]!, /raise spec_version/);
			const raised = changed((layout) => {
				change(layout);
				layout.specVersion += 1;
			});
			assert.deepEqual(untold(released, raised), []);
		});
	}

	test("a lower version is refused", () => {
		const lower = changed((layout) => (layout.specVersion -= 1));
		assert.match(untold(released, lower).join(), /versions only rise/);
	});
});
