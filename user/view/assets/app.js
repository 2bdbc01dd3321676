// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The page's state: what comes in (snapshots and points of the history), what is looked at (view,
// time range, host), and the drawing of whatever is visible.
import * as charts from "./charts.js";
import { bits, bytes, clock, count, csv, download, duration, element, exact, ms, packets, percent, setText, share } from "./format.js";
import { packetTable, showPacket } from "./packets.js";
import { Table, tables } from "./tables.js";

const $ = (id) => document.getElementById(id);
const hourPoints = 3600;
const state = {
	newest: null, shown: null, // snapshots; `shown` stands still while paused
	points: [], fields: {}, // of the history, by index
	paused: false, back: false, end: null, // time that is looked at; null: now
	range: 60, unit: "bits", view: "overview", host: "", online: false,
	scope: "start", base: null, baseAt: 0, // of rings, applications and sizes; the snapshot at the range's beginning
	resolver: "", // of the latency over time: "" all together, "each", or an address
	openAlerts: new Set(),
};
const lists = {};

// ---- what comes in ----

function addPoints(list) {
	const t = state.fields.time;
	for (const point of list) if (!state.points.length || point[t] > state.points.at(-1)[t]) state.points.push(point);
	if (state.points.length > hourPoints) state.points.splice(0, state.points.length - hourPoints);
}

// After a sleep, or at first: what happened since the last point.
async function catchUp() {
	const t = state.fields.time, since = state.points.length ? state.points.at(-1)[t] : 0;
	try {
		const answer = await fetch(`/api/history?since=${since}`);
		if (!answer.ok) return;
		const history = await answer.json();
		history.fields.forEach((name, i) => { state.fields[name] = i; });
		addPoints(history.points);
		draw();
	} catch { /* the stream says that we are offline */ }
}

function onPoint(point) {
	const t = state.fields.time;
	if (t === undefined) return;
	const gap = state.points.length ? point[t] - state.points.at(-1)[t] : 0;
	if (gap > 2.5 * Math.max(1, state.newest?.interval_s ?? 1)) catchUp();
	else addPoints([point]);
}

function onSnapshot(s) {
	state.newest = s;
	if (!state.paused) state.shown = s;
	announceAlerts(s);
	draw();
}

function announceAlerts(s) {
	const open = s.alerts.list.filter((a) => !a.end), known = state.openAlerts;
	const fresh = open.filter((a) => !known.has(`${a.subject}\n${a.kind}`));
	if (fresh.length) setText($("news"), `New alert: ${fresh[0].severity}, ${fresh[0].detector}, ${fresh[0].subject}`);
	state.openAlerts = new Set(open.map((a) => `${a.subject}\n${a.kind}`));
	$("alert-count").hidden = !s.alerts.open;
	setText($("alert-count"), s.alerts.open ? `${s.alerts.open} open` : "");
}

function listen() {
	const stream = new EventSource("/api/events");
	stream.addEventListener("open", () => { state.online = true; catchUp(); drawStatus(); });
	stream.addEventListener("point", (e) => onPoint(JSON.parse(e.data)));
	stream.addEventListener("snapshot", (e) => onSnapshot(JSON.parse(e.data)));
	stream.addEventListener("error", () => {
		state.online = false;
		drawStatus();
		if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
	});
}

// ---- the history as series ----

const field = (point, name) => point[state.fields[name]];
const lastTime = () => (state.points.length ? field(state.points.at(-1), "time") : 0);
const lookedAt = () => state.end ?? lastTime();

const mostDrawn = 400;

// The points of the window and one before it, so that rates begin at its edge.
function windowPoints() {
	const end = lookedAt(), start = end - state.range;
	const list = state.points.filter((p) => field(p, "time") <= end + 0.001);
	const first = list.findIndex((p) => field(p, "time") >= start);
	return first < 0 ? [] : list.slice(Math.max(0, first - 1));
}

// No more of them than can be told apart: totals lose nothing by it.
function thinned(list) {
	const step = Math.ceil(list.length / mostDrawn);
	return step > 1 ? list.filter((_, i) => (list.length - 1 - i) % step === 0) : list;
}

function rateSeries(list) {
	const series = { in: [], out: [], all: [] }, bit = state.unit === "bits";
	const keys = bit ? { in: "in_bytes", out: "out_bytes", all: "bytes" } : { in: "in_packets", out: "out_packets", all: "packets" };
	for (let i = 1; i < list.length; i++) {
		const x = field(list[i], "time"), seconds = x - field(list[i - 1], "time");
		for (const [name, key] of Object.entries(keys)) {
			const more = Math.max(0, field(list[i], key) - field(list[i - 1], key));
			series[name].push({ x, y: ((bit ? 8 : 1) * more) / seconds });
		}
	}
	const last = list.at(-1);
	series.undirected = !!last && !field(last, "in_packets") && !field(last, "out_packets");
	return series;
}

function latencySeries(list) {
	const series = { mean: [], p95: [] };
	for (let i = 1; i < list.length; i++) {
		const x = field(list[i], "time"), answers = field(list[i], "dns_answers") - field(list[i - 1], "dns_answers");
		const sum = field(list[i], "dns_sum_ms") - field(list[i - 1], "dns_sum_ms");
		series.mean.push({ x, y: answers > 0 ? Math.max(0, sum / answers) : null });
		series.p95.push({ x, y: field(list[i], "dns_p95_ms") });
	}
	return series;
}

// Of each resolver the points {x, mean, p95}, some seconds in one where there are many.
function resolverSeries(list) {
	const step = Math.max(1, Math.ceil(list.length / mostDrawn)), series = new Map();
	for (let i = 0; i < list.length; i += step) {
		const group = list.slice(i, i + step), x = field(group.at(-1), "time"), sums = new Map();
		for (const [server, [n, mean, p95]] of group.flatMap((p) => Object.entries(field(p, "resolvers") ?? {}))) {
			const sum = sums.get(server) ?? { n: 0, ms: 0, p95: 0 };
			sums.set(server, { n: sum.n + n, ms: sum.ms + n * mean, p95: Math.max(sum.p95, p95) });
		}
		for (const [server, sum] of sums) {
			if (!series.has(server)) series.set(server, []);
			series.get(server).push({ x, mean: sum.ms / sum.n, p95: sum.p95 });
		}
	}
	return series;
}

function latencyLines(list) {
	const line = (label, points, key) => ({ label, data: points.map((p) => ({ x: p.x, y: p[key] })) });
	if (!state.resolver) {
		const all = latencySeries(thinned(list));
		return [{ label: "mean", data: all.mean }, { label: "p95 since the start", data: all.p95 }];
	}
	const series = resolverSeries(list);
	if (state.resolver === "each") return [...series].map(([server, points]) => line(server, points, "mean"));
	const points = series.get(state.resolver) ?? [];
	return [line(`${state.resolver} mean`, points, "mean"), line(`${state.resolver} p95`, points, "p95")];
}

// ---- looking back: whole snapshots as they were ----

let frameAsked = 0;

async function fetchFrame(at) {
	const answer = await fetch(`/api/snapshot?at=${at}`);
	return answer.ok ? answer.json() : null;
}

// The newest of what was asked for wins, and only if the user still looks there.
async function showFrame() {
	const end = state.end, mine = ++frameAsked;
	await new Promise((done) => setTimeout(done, 120));
	if (mine !== frameAsked || end === null) return;
	try {
		const s = await fetchFrame(end);
		if (!s || mine !== frameAsked || state.end !== end) return;
		state.shown = s;
		draw();
	} catch { /* the stream says that we are offline */ }
}

// The snapshot from which the range is counted; null: from the start.
async function updateBase(s) {
	const at = s.time - state.range;
	if (state.scope === "start" || s.duration_s <= state.range) state.base = null;
	else if (Math.abs(at - state.baseAt) >= 5) {
		state.baseAt = at;
		try {
			state.base = await fetchFrame(at);
			draw();
		} catch { /* the stream says that we are offline */ }
	}
}

// What was counted between two snapshots, as one.
function between(s, base) {
	if (!base || base.time >= s.time) return s;
	const less = (a, b) => Math.max(0, a - (b ?? 0)), seconds = s.time - base.time;
	const each = (a, b, make) => Object.fromEntries(Object.entries(a).map(([name, v]) => [name, make(v, b[name])]));
	return {
		...s, packets: less(s.packets, base.packets), bytes: less(s.bytes, base.bytes),
		transport: each(s.transport, base.transport, less),
		security: each(s.security, base.security, (v, w) => ({ packets: less(v.packets, w?.packets), bytes: less(v.bytes, w?.bytes) })),
		sizes: s.sizes.map((n, i) => less(n, base.sizes[i])),
		app: each(s.app, base.app, (v, w) => ({ packets: less(v.packets, w?.packets), bytes: less(v.bytes, w?.bytes),
			flows: less(v.flows, w?.flows), bps: (8 * less(v.bytes, w?.bytes)) / seconds })),
	};
}

// ---- drawing ----

function drawTiles(list, tiles) {
	while (list.children.length > tiles.length) list.lastChild.remove();
	tiles.forEach(([name, value, more, tint], i) => {
		const div = list.children[i] ?? list.appendChild(element("div", {}, element("dt"), element("dd", { class: "value" }), element("dd", { class: "dim" })));
		setText(div.children[0], name);
		setText(div.children[1], value);
		setText(div.children[2], more ?? "");
		div.dataset.tint = tint ?? "";
	});
}

const lost = (s) => Object.values(s.ledger.lost).reduce((a, b) => a + b, 0);

function transportWords(s) {
	const all = Object.entries(s.transport).filter(([, n]) => n).sort((a, b) => b[1] - a[1]), total = all.reduce((sum, [, n]) => sum + n, 0);
	return { first: all[0] ? `${all[0][0]} ${share(all[0][1], total)}` : "–", rest: all.slice(1, 3).map(([name, n]) => `${name} ${share(n, total)}`).join(", ") };
}

// Figures of the snapshot that is shown, with the rates of the last second before it.
function headline(s, list) {
	const p = list.at(-1), before = list.at(-2), seconds = p && before ? field(p, "time") - field(before, "time") : 0;
	const rate = (name) => (seconds > 0 ? (field(p, name) - field(before, name)) / seconds : NaN);
	const { encrypted, unencrypted } = s.security, open = s.alerts.open, gone = lost(s), transport = transportWords(s);
	return [
		["Packets", count(s.packets), packets(rate("packets"))],
		["Bytes", bytes(s.bytes), bits(8 * rate("bytes"))],
		["Sources", count(s.sources), "distinct addresses"],
		["Destinations", count(s.destinations), "distinct addresses"],
		["Flows", count(s.flows.active), `${count(s.flows.total)} in all`],
		["Transport", transport.first, transport.rest],
		["Encrypted", share(encrypted.packets, s.packets), `${share(unencrypted.packets, s.packets)} unencrypted`],
		["DNS p95", ms(s.dns.latency_ms.p95), `${count(s.dns.unanswered)} unanswered`],
		["Open alerts", exact(open), open ? "▲ see Alerts" : "✓ nothing conspicuous", open ? "bad" : "good"],
		["Coverage", percent(s.ledger.coverage_percent), gone ? `▲ ${count(gone)} records lost` : "✓ nothing lost", gone ? "warn" : "good"],
	];
}

function drawOverview(s, list) {
	const end = lookedAt(), series = rateSeries(thinned(list)), format = state.unit === "bits" ? bits : packets;
	const last = (name) => format(series[name].at(-1)?.y);
	drawTiles($("tiles"), headline(s, list));
	charts.drawRate(series, state.unit, end - state.range, end, `Rate over ${duration(state.range)}: in ${last("in")}, out ${last("out")} at ${clock(end)}`);
	updateBase(s);
	const base = state.scope === "range" ? state.base : null, part = between(s, base);
	setText($("span"), base ? `${clock(base.time)} to ${clock(s.time)}` : `all ${duration(s.duration_s)} until ${clock(s.time)}`);
	charts.drawTransport(part);
	charts.drawSecurity(part);
	charts.drawApps(part);
	charts.drawSizes(part);
}

// The resolvers that can be chosen; the list stays as it is while it is the same.
function offerResolvers(s) {
	const select = $("resolver"), wanted = ["", "each", ...s.dns.servers.slice(0, 8).map((r) => r.server)];
	if (state.resolver && !wanted.includes(state.resolver)) wanted.push(state.resolver);
	const same = wanted.length === select.options.length && wanted.every((v, i) => select.options[i].value === v);
	if (same) return;
	while (select.options.length > 2) select.lastChild.remove();
	select.append(...wanted.slice(2).map((server) => element("option", { value: server, text: server })));
	select.value = state.resolver;
}

function drawDns(s, list) {
	const d = s.dns, end = lookedAt(), codes = Object.entries(d.rcodes).sort((a, b) => b[1] - a[1]).slice(0, 3);
	drawTiles($("dns-tiles"), [
		["Queries", count(d.queries), `${count(d.responses)} responses`],
		["Answered", share(d.matched, d.matched + d.unanswered), `${count(d.unanswered)} unanswered`, d.unanswered ? "warn" : "good"],
		["p50", ms(d.latency_ms.p50), `mean ${ms(d.latency_ms.mean)}`],
		["p95", ms(d.latency_ms.p95), `p99 ${ms(d.latency_ms.p99)}`],
		["Slowest", ms(d.latency_ms.max), `fastest ${ms(d.latency_ms.min)}`],
		["Sent again", count(d.retransmissions), `${count(d.orphans)} answers without query`],
		["Codes", codes[0] ? codes[0][0] : "–", codes.map(([name, n]) => `${name} ${count(n)}`).join(", ")],
	]);
	offerResolvers(s);
	charts.drawLatency(latencyLines(list), end - state.range, end);
	charts.drawResolvers(s);
	for (const name of ["resolvers", "slow", "names"]) lists[name].update(tables[name].rows(s));
}

function drawHealth(s) {
	drawTiles($("health-tiles"), [
		["Running", duration(s.duration_s), `${s.source.kind}, ${s.source.mode}`],
		["Ledger balance", exact(s.ledger.balance), s.ledger.balance ? "▲ must be 0" : "✓ every packet accounted for", s.ledger.balance ? "bad" : "good"],
		["Records lost", exact(lost(s)), Object.entries(s.ledger.lost).map(([ring, n]) => `${ring} ${count(n)}`).join(", "), lost(s) ? "warn" : "good"],
		["Cost in the kernel", s.cost ? `${s.cost.ns_per_packet.toFixed(0)} ns` : "–", "a packet"],
		["CPU", s.cost ? `${s.cost.cpu_percent.toFixed(1)}%` : "–", "of one, kernel and program"],
		["Interval", duration(s.interval_s), "between snapshots"],
	]);
	for (const name of ["interfaces", "ledger"]) lists[name].update(tables[name].rows(s));
}

const drawers = {
	overview: drawOverview, dns: drawDns, health: drawHealth,
	flows: (s) => lists.flows.update(s.top_flows),
	hosts: (s) => lists.hosts.update(s.talkers),
	alerts: (s) => lists.alerts.update(s.alerts.list),
	packets: () => {},
};

function drawStatus() {
	const s = state.newest, pill = $("status");
	const words = !state.online ? "✕ offline, trying again" : s?.final ? "■ ended" : state.paused ? "❚❚ paused" : "● live";
	setText(pill, words);
	pill.dataset.state = !state.online ? "offline" : state.paused ? "paused" : "live";
	$("pause").setAttribute("aria-pressed", String(state.paused));
	setText($("pause"), state.paused ? "Go live" : "Pause");
	setText($("when"), state.end === null ? "now" : clock(state.end));
	$("looking").hidden = !state.back;
	if (state.back && state.shown) setText($("looking"), `Looking back at ${clock(state.end)}: every view shows the snapshot of ${clock(state.shown.time)}; raw packets are always the newest.`);
	$("api-snapshot").href = state.back ? `/api/snapshot?at=${state.end}` : "/api/snapshot";
}

function drawFrame(s) {
	const words = `${s.source.name} · ${s.source.mode} · ${duration(s.duration_s)}`;
	setText($("source"), words);
	setText($("version"), `xdplens ${s.version}`);
	document.title = `${s.alerts.open ? `(${s.alerts.open}) ` : ""}xdplens: ${s.source.name}`;
	$("notes").hidden = !s.notes.length;
	if ($("notes").children.length !== s.notes.length) $("notes").replaceChildren(...s.notes.map((note) => element("li", { text: note })));
	$("notes").childNodes.forEach((li, i) => setText(li, s.notes[i]));
	$("back").min = String(-Math.max(60, Math.floor(lastTime() - (state.points.length ? field(state.points[0], "time") : 0))));
}

function draw() {
	const s = state.shown;
	drawStatus();
	if (!s || document.hidden) return;
	drawFrame(s);
	drawers[state.view](s, windowPoints());
}

// ---- packets are asked for only while they are looked at ----

async function fetchPackets() {
	if (state.view !== "packets" || document.hidden || (state.paused && lists.packets.data.length)) return;
	try {
		const answer = await fetch("/api/packets");
		if (answer.ok) lists.packets.update((await answer.json()).packets);
	} catch { /* the stream says that we are offline */ }
}

function choosePacket(packet) {
	lists.packets.selected = packet.number;
	lists.packets.render();
	showPacket($("packet"), packet);
	$("packet").scrollIntoView({ block: "nearest" });
}

// ---- what the user does ----

function setPaused(paused, end = null) {
	state.paused = paused;
	state.back = end !== null;
	state.end = paused ? end ?? lastTime() : null;
	if (state.back) showFrame();
	if (!paused) {
		state.shown = state.newest;
		$("back").value = "0";
	}
	draw();
	fetchPackets();
}

function lookBack() {
	const back = Number($("back").value);
	if (back === 0) setPaused(false);
	else setPaused(true, lastTime() + back);
}

function setHost(address) {
	state.host = address ?? "";
	$("chip").hidden = !state.host;
	setText($("chip-host"), state.host);
	for (const list of Object.values(lists)) {
		list.only = list.definition.hosts({}).length ? state.host : "";
		list.render();
	}
	if (state.host && !["flows", "packets", "alerts"].includes(state.view)) location.hash = "#flows";
}

function showView() {
	const name = location.hash.slice(1);
	state.view = drawers[name] ? name : "overview";
	for (const section of document.querySelectorAll("[data-view]")) section.hidden = section.dataset.view !== state.view;
	for (const link of document.querySelectorAll("#views a")) {
		if (link.hash === `#${state.view}`) link.setAttribute("aria-current", "page");
		else link.removeAttribute("aria-current");
	}
	scrollTo(0, 0);
	draw();
	fetchPackets();
}

function chooser(id, set) {
	const buttons = [...$(id).children];
	for (const button of buttons) {
		button.addEventListener("click", () => {
			buttons.forEach((b) => b.setAttribute("aria-pressed", String(b === button)));
			set(button.dataset.value);
			draw();
		});
	}
}

function onKey(e) {
	if (e.ctrlKey || e.altKey || e.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName)) return;
	const views = Object.keys(drawers), order = ["overview", "flows", "hosts", "dns", "alerts", "packets", "health"];
	if (e.key === "p") setPaused(!state.paused);
	else if (e.key === "/") {
		const search = document.querySelector(`#view-${state.view} .search`);
		if (!search) return;
		search.focus();
		e.preventDefault();
	} else if (e.key >= "1" && e.key <= String(views.length)) location.hash = `#${order[Number(e.key) - 1]}`;
}

function historyRows() {
	const names = Object.keys(state.fields);
	return { names, rows: thinned(windowPoints()).map((p) => names.map((name) => field(p, name))) };
}

const flat = (value) => (typeof value === "object" && value ? JSON.stringify(value) : value);

function setUpDownloads() {
	$("history-downloads").append(
		element("button", { type: "button", text: "CSV", "aria-label": "History as CSV", onclick: () => { const h = historyRows(); download("xdplens-history.csv", "text/csv", csv(h.names, h.rows.map((row) => row.map(flat)))); } }),
		element("button", { type: "button", text: "JSON", "aria-label": "History as JSON", onclick: () => { const h = historyRows(); download("xdplens-history.json", "application/json", JSON.stringify({ fields: h.names, points: h.rows })); } }));
	lists.packets.downloads.append(element("a", { class: "button", href: "/api/packets.pcap", download: "xdplens.pcap", text: "PCAP" }));
}

function setUp() {
	charts.setUp();
	for (const panel of document.querySelectorAll("[data-table]")) {
		const name = panel.dataset.table;
		lists[name] = new Table(panel, tables[name] ?? packetTable, { onHost: setHost, onRow: name === "packets" ? choosePacket : undefined });
	}
	setUpDownloads();
	chooser("range", (value) => { state.range = Number(value); state.baseAt = 0; });
	chooser("scope", (value) => { state.scope = value; state.baseAt = 0; });
	$("resolver").addEventListener("change", () => { state.resolver = $("resolver").value; draw(); });
	chooser("unit", (value) => { state.unit = value; });
	$("pause").addEventListener("click", () => setPaused(!state.paused));
	$("back").addEventListener("input", lookBack);
	$("chip-clear").addEventListener("click", () => setHost(""));
	addEventListener("hashchange", showView);
	addEventListener("keydown", onKey);
	document.addEventListener("visibilitychange", () => { if (!document.hidden) catchUp(); });
	if (new URLSearchParams(location.search).has("token")) history.replaceState(null, "", location.pathname + location.hash);
	setInterval(fetchPackets, 2000);
	showView();
	listen();
}

setUp();
