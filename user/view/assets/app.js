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
	paused: false, end: null, // time that is looked at; null: now
	range: 60, unit: "bits", view: "overview", host: "", online: false,
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

// The points of the window and one before it, so that rates begin at its edge; at most 400.
function windowPoints() {
	const end = lookedAt(), start = end - state.range;
	let list = state.points.filter((p) => field(p, "time") <= end + 0.001);
	const first = list.findIndex((p) => field(p, "time") >= start);
	list = first < 0 ? [] : list.slice(Math.max(0, first - 1));
	const step = Math.ceil(list.length / 400);
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

// Figures of the moment that is looked at; what the history does not hold is the snapshot's.
function headline(s, list) {
	const p = list.at(-1), before = list.at(-2), seconds = p && before ? field(p, "time") - field(before, "time") : 0;
	const at = (name, otherwise) => (p ? field(p, name) : otherwise);
	const rate = (name) => (seconds > 0 ? (field(p, name) - field(before, name)) / seconds : NaN);
	const seen = at("packets", s.packets), secret = at("encrypted", s.security.encrypted.packets), plain = at("unencrypted", s.security.unencrypted.packets);
	const open = at("alerts_open", s.alerts.open), coverage = at("coverage", s.ledger.coverage_percent), gone = lost(s), transport = transportWords(s);
	return [
		["Packets", count(seen), packets(rate("packets"))],
		["Bytes", bytes(at("bytes", s.bytes)), bits(8 * rate("bytes"))],
		["Sources", count(at("sources", s.sources)), "distinct addresses"],
		["Destinations", count(at("destinations", s.destinations)), "distinct addresses"],
		["Flows", count(at("flows_active", s.flows.active)), `${count(s.flows.total)} in all`],
		["Transport", transport.first, transport.rest],
		["Encrypted", share(secret, seen), `${share(plain, seen)} unencrypted`],
		["DNS p95", ms(at("dns_p95_ms", s.dns.latency_ms.p95)), `${count(at("dns_unanswered", s.dns.unanswered))} unanswered`],
		["Open alerts", exact(open), open ? "▲ see Alerts" : "✓ nothing conspicuous", open ? "bad" : "good"],
		["Coverage", percent(coverage), gone ? `▲ ${count(gone)} records lost` : "✓ nothing lost", gone ? "warn" : "good"],
	];
}

function drawOverview(s, list) {
	const end = lookedAt(), series = rateSeries(list), format = state.unit === "bits" ? bits : packets;
	const last = (name) => format(series[name].at(-1)?.y);
	drawTiles($("tiles"), headline(s, list));
	charts.drawRate(series, state.unit, end - state.range, end, `Rate over ${duration(state.range)}: in ${last("in")}, out ${last("out")} at ${clock(end)}`);
	charts.drawTransport(s);
	charts.drawSecurity(s);
	charts.drawApps(s);
	charts.drawSizes(s);
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
	charts.drawLatency(latencySeries(list), end - state.range, end);
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
	if (state.view !== "packets" || state.paused || document.hidden) return;
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
	state.end = paused ? end ?? lastTime() : null;
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
	return { names, rows: windowPoints().map((p) => names.map((name) => field(p, name))) };
}

function setUpDownloads() {
	$("history-downloads").append(
		element("button", { type: "button", text: "CSV", "aria-label": "History as CSV", onclick: () => { const h = historyRows(); download("xdplens-history.csv", "text/csv", csv(h.names, h.rows)); } }),
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
	chooser("range", (value) => { state.range = Number(value); });
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
