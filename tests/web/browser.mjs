// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A browser of our own, and checks that name what they wanted.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

export async function browse() {
	const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), "profile-")), {
		executablePath: process.env.CHROMIUM, headless: true, acceptDownloads: true,
		args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync"],
	});
	const page = context.pages()[0], complaints = [];
	page.setDefaultTimeout(15000);
	page.on("console", (m) => { if (["error", "warning"].includes(m.type())) complaints.push(m.text()); });
	page.on("pageerror", (e) => complaints.push(e.stack));
	page.on("dialog", (d) => { complaints.push(`dialog ${d.message()}`); d.dismiss(); });
	return { context, page, complaints };
}

export function check(what, fine, detail = "") {
	if (!fine) throw new Error(`${what} ${detail}`);
	console.log(`${what}: fine`);
}

// Runs the tests; exit status 1 at the first that fails.
export async function run(tests) {
	const browser = await browse();
	let status = 0;
	try {
		await tests(browser);
	} catch (e) {
		console.log(`FAILED: ${e.stack}\n${browser.complaints.join("\n")}`);
		status = 1;
	}
	await browser.context.close();
	process.exit(status);
}
