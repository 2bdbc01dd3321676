// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The dashboard on a live run; see test-dashboard for what is guaranteed.
import { readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { check, run } from "./browser.mjs";
import { bytes, count, exact, ms, percent, share } from "./format.mjs";

const [, , server] = process.argv;
// The page comes through a tunnel that can be cut.
const sockets = new Set(), base = "http://127.0.0.1:8081/";
const tunnel = createServer((near) => {
	const far = connect(Number(new URL(server).port), "127.0.0.1");
	for (const [socket, other] of [[near, far], [far, near]]) {
		sockets.add(socket);
		socket.on("error", () => other.destroy()).on("close", () => { sockets.delete(socket); other.destroy(); });
	}
	near.pipe(far).pipe(near);
});
const openTunnel = () => new Promise((done) => tunnel.listen(8081, "127.0.0.1", done));
const cutTunnel = () => { tunnel.close(); sockets.forEach((socket) => socket.destroy()); };
await openTunnel();
const views = ["overview", "flows", "hosts", "dns", "alerts", "packets", "health"];

await run(async ({ page, context, complaints }) => {
	const api = async (path) => (await context.request.get(new URL(path, base).href)).json();
	const tile = (name) => page.locator("#tiles > div", { has: page.locator("dt", { hasText: new RegExp(`^${name}$`) }) }).locator(".value").textContent();
	const show = async (view) => {
		await page.keyboard.press(String(views.indexOf(view) + 1));
		await page.locator(`#view-${view}`).waitFor();
	};
	const saved = async (locator) => {
		const [file] = await Promise.all([page.waitForEvent("download"), locator.click()]);
		return readFileSync(await file.path());
	};
	const number = (text) => parseFloat(text) * ({ k: 1e3, M: 1e6 }[text.trim().at(-1)] ?? 1);
	const shot = async (name) => { if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true }); };

	const elsewhere = [];
	page.on("request", (r) => { if (!r.url().startsWith(base) && !r.url().startsWith("blob:")) elsewhere.push(r.url()); });
	await page.setViewportSize({ width: 1280, height: 900 });
	await page.goto(base);
	const paints = [];
	for (let i = 0; i < 5; i++) {
		await page.reload();
		await page.locator("#tiles .value").first().waitFor();
		paints.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
	}
	console.log(`first paint in ms, five times: ${paints.map((t) => t.toFixed(0)).join(" ")}`);
	check("first paint within 2 s, with all that goes on beside it", Math.min(...paints) < 2000);
	await page.locator("#status[data-state=live]").waitFor();
	await page.waitForTimeout(4000);

	const before = number(await tile("Packets")), s = await api("api/snapshot");
	check("packets as the API says", before <= s.packets * 1.01 && before > 0.3 * s.packets, `${before} ${s.packets}`);
	await page.waitForTimeout(2500);
	check("live: packets rise", number(await tile("Packets")) > before);
	check("DNS latency is shown", /µs|ms/.test(await tile("DNS p95")), await tile("DNS p95"));
	check("applications are named", (await page.locator("#apps").textContent()).includes("http"));
	check("rate in words", /in .*bit\/s, out .*bit\/s/.test(await page.locator("#rate").getAttribute("aria-label")));

	await page.keyboard.press("p");
	const paused = await tile("Packets");
	await page.waitForTimeout(1500);
	check("paused: nothing moves", (await tile("Packets")) === paused && (await page.locator("#status").textContent()).includes("paused"));
	await page.keyboard.press("p");
	await page.waitForTimeout(1500);
	check("live again", (await tile("Packets")) !== paused);
	const newest = number(await tile("Packets"));
	await page.locator("#back").focus();
	for (let i = 0; i < 3; i++) await page.keyboard.press("ArrowLeft");
	check("looking back: another time is shown", /^\d\d:/.test(await page.locator("#when").textContent()));
	await page.locator("#looking").waitFor();
	await page.waitForTimeout(1500);
	const was = await api((await page.locator("#api-snapshot").getAttribute("href")).slice(1));
	for (const [name, wanted] of [
		["Packets", count(was.packets)], ["Bytes", bytes(was.bytes)], ["Sources", count(was.sources)], ["Destinations", count(was.destinations)],
		["Flows", count(was.flows.active)], ["Encrypted", share(was.security.encrypted.packets, was.packets)], ["DNS p95", ms(was.dns.latency_ms.p95)],
		["Open alerts", exact(was.alerts.open)], ["Coverage", percent(was.ledger.coverage_percent)],
	]) check(`${name} is the API's`, (await tile(name)) === wanted, `${await tile(name)} ${wanted}`);
	const legend = await page.locator("#transport-legend li").allTextContents();
	check("transport is the API's", Object.entries(was.transport).filter(([, n]) => n).every(([name, n]) => legend.includes(`${name}${share(n, Object.values(was.transport).reduce((a, b) => a + b))}${count(n)}`)), legend.join());
	check("security in words", /encrypted .*%/.test(await page.locator("#security").getAttribute("aria-label")));
	check("sizes in words", /octets .*%/.test(await page.locator("#sizes").getAttribute("aria-label")));
	check("looking back: fewer packets", number(await tile("Packets")) < newest && (await page.locator("#pause").textContent()) === "Go live");
	await page.locator("#pause").click();
	await page.getByRole("button", { name: "5 min", exact: true }).click();
	await page.getByRole("button", { name: "Packets", exact: true }).click();
	await page.waitForTimeout(700);
	check("range and unit", /Rate over 5 min.*pkt\/s/.test(await page.locator("#rate").getAttribute("aria-label")));

	const history = JSON.parse(await saved(page.getByRole("button", { name: "History as JSON" })));
	check("history saved", history.fields.includes("in_bytes") && history.points.length > 5);

	await show("flows");
	const flows = page.locator("#view-flows tbody tr");
	await flows.first().waitFor();
	await page.locator("#view-flows th button", { hasText: /^Bytes/ }).focus();
	await page.keyboard.press("Enter");
	check("sorted by keyboard", (await page.locator("#view-flows th[aria-sort=descending]").textContent()).startsWith("Bytes"));
	await page.keyboard.press("/");
	await page.keyboard.type("icmpv6");
	await page.waitForTimeout(300);
	const rows = await flows.allTextContents();
	check("search", rows.length > 0 && rows.every((r) => r.includes("icmpv6")), rows.join("|"));
	await page.keyboard.press("Control+A");
	await page.keyboard.press("Delete");
	check("wire text stays text", (await page.locator("main b, main img, main script").evaluateAll((all) => all.filter((e) => e.closest("td")).length)) === 0 &&
		(await page.locator("#view-flows tbody").textContent()).includes("bold"));
	const sheet = String(await saved(page.getByRole("button", { name: "Flows as CSV" })));
	check("flows as CSV", sheet.startsWith("src,sport,dst,dport,name,") && sheet.trim().split("\r\n").length === (await flows.count()) + 1);

	// the table is live: a row may move away from under the pointer, as under a person's
	const chip = page.locator("#chip-host"), host = page.locator("#view-flows td button.host", { hasText: "fd77::2" });
	for (let tries = 0; tries < 5 && (await chip.textContent()) !== "fd77::2"; tries++) {
		if (await page.locator("#chip-clear").isVisible()) await page.locator("#chip-clear").click();
		await host.first().click();
		await page.waitForTimeout(700);
	}
	const ofHost = await flows.allTextContents();
	check("only one host", (await chip.textContent()) === "fd77::2" && ofHost.every((r) => r.includes("fd77::2")), `${await chip.textContent()}: ${ofHost.join("|")}`);
	await page.locator("#chip-clear").click();

	await show("dns");
	await page.locator("#view-dns tbody tr").first().waitFor();
	check("resolver", (await page.locator("#view-dns").textContent()).includes("10.77.0.2"));
	check("hostile question stays text", (await page.locator("#view-dns").textContent()).includes("<img") && (await page.locator("#view-dns img").count()) === 0);
	const latency = () => page.locator("#latency").getAttribute("aria-label");
	check("latency in words", /mean last .*s/.test(await latency()), await latency());
	const line = async (of, server) => {
		await page.locator("#resolver").selectOption(of);
		await page.waitForTimeout(700);
		return new RegExp(`${server.replaceAll(".", "\\.")}[^;]* last [0-9.]+ (µs|ms)`).test(await latency());
	};
	check("a line for each resolver", (await line("each", "10.77.0.2")) && (await line("each", "10.77.0.3")), await latency());
	check("mean and p95 of one resolver", (await line("10.77.0.3", "10.77.0.3 p95")) && !(await latency()).includes("10.77.0.2"), await latency());
	check("bars by resolver", /10\.77\.0\.3 p50 /.test(await page.locator("#resolvers").getAttribute("aria-label")));

	await show("hosts");
	check("hosts", (await page.locator("#view-hosts tbody").textContent()).includes("10.77.0.1"));
	await show("alerts");
	const alert = page.locator("#view-alerts tbody tr", { hasText: "cleartext" }).first();
	await alert.waitFor();
	check("an alert: seen, expected, why", (await alert.locator("td").allTextContents()).slice(4, 7).every((text) => text.trim()), await alert.textContent());

	await show("packets");
	await page.locator("#view-packets tbody tr").first().waitFor();
	await page.locator("#view-packets .search").fill("dns");
	await page.locator("#view-packets td button").first().focus();
	await page.keyboard.press("Enter");
	const shown = await page.locator("#packet").textContent();
	check("a packet with its layers", ["Ethernet", "IPv4", "UDP", "DNS", "0000"].every((w) => shown.includes(w)), shown);
	const pcap = await saved(page.getByRole("link", { name: "PCAP" }));
	check("packets as PCAP", pcap.readUInt32LE(0) === 0xa1b23c4d && pcap.length > 100);

	await show("health");
	check("interfaces", (await page.locator("#view-health [data-table=interfaces] tbody").textContent()).includes("xl0"));
	check("ledger", (await page.locator("#view-health").textContent()).includes("every packet accounted for"));

	cutTunnel();
	await page.locator("#status[data-state=offline]").waitFor();
	await page.waitForTimeout(4000);
	await openTunnel();
	await page.locator("#status[data-state=live]").waitFor();
	await page.waitForTimeout(1500);
	await show("overview");
	const whole = JSON.parse(await saved(page.getByRole("button", { name: "History as JSON" }))), t = whole.fields.indexOf("time");
	const gap = Math.max(...whole.points.slice(1).map((p, i) => p[t] - whole.points[i][t]));
	check("cut off: caught up without a gap", gap < 2.5, gap);

	while ((await api("api/snapshot")).duration_s < 75) await page.waitForTimeout(1000);
	const httpBytes = async () => (await page.locator("#apps li", { has: page.locator(".name", { hasText: /^http$/ }) }).locator(".dim").textContent()).split(" · ")[0];
	const bytesOf = (text) => parseFloat(text) * { B: 1, kB: 1e3, MB: 1e6, GB: 1e9 }[text.trim().split(" ")[1]];
	await page.getByRole("button", { name: "1 min", exact: true }).click();
	const all = bytesOf(await httpBytes());
	await page.getByRole("button", { name: "In the range" }).click();
	await page.waitForFunction(() => document.getElementById("span").textContent.includes(" to "));
	await page.waitForTimeout(500);
	check("in the range: less than since the start", bytesOf(await httpBytes()) < 0.95 * all, `${await httpBytes()} ${all}`);
	await page.getByRole("button", { name: "Since the start" }).click();

	const others = await Promise.all(["flows", "dns", "health"].map(async (view) => {
		const other = await context.newPage();
		await other.goto(`${base}#${view}`);
		await other.locator("#status[data-state=live]").waitFor();
		await other.locator(`#view-${view} tbody tr`).first().waitFor();
		return other;
	}));
	check("more pages at once", others.length === 3);
	for (const other of others) await other.close();

	for (const width of [1280, 390]) {
		await page.setViewportSize({ width, height: 844 });
		for (const view of views) {
			await show(view);
			await page.waitForTimeout(600);
			await shot(`${width}-${view}`);
			const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
			check(`${view} fits into ${width}`, over <= 0, over);
		}
	}
	const nameless = await page.evaluate(() => [...document.querySelectorAll("button, a, input, select, canvas")].filter((e) =>
		!(e.textContent.trim() || e.getAttribute("aria-label") || e.labels?.length || e.closest("td"))).map((e) => e.outerHTML));
	check("everything to be used has a name", nameless.length === 0, nameless.join("\n"));
	check("no request to another host", elsewhere.length === 0, elsewhere.join());
	// being cut off is said by the browser as well
	const serious = complaints.filter((c) => !/Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/.test(c));
	check("no complaint in the console", serious.length === 0, serious.join("\n"));
});
