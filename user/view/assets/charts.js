// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The charts. Each says in words what it shows, for those who do not see it; nothing is told by
// colour alone: lines differ in their strokes, parts stand in a legend with their figures.
/* global Chart */
import { bits, bytes, clock, count, element, exact, ms, packets, setText, share } from "./format.js";

const colours = { in: "#38bdf8", out: "#fbbf24", grid: "#26304a", text: "#a9b4cc" };
const palette = ["#38bdf8", "#fbbf24", "#a78bfa", "#34d399", "#fb7185", "#f97316", "#22d3ee", "#e879f9", "#84cc16", "#94a3b8"];
const securities = { encrypted: "#34d399", unencrypted: "#fb7185", unknown: "#94a3b8" };
const canvas = (id) => document.getElementById(id);

export function setUp() {
	Chart.defaults.color = colours.text;
	Chart.defaults.borderColor = colours.grid;
	Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
	Chart.defaults.animation = false;
	Chart.defaults.maintainAspectRatio = false;
	Chart.defaults.plugins.legend.labels.boxWidth = 24;
}

// ---- lines over time ----

function lineChart(id, lines, format) {
	return new Chart(canvas(id), {
		type: "line",
		data: { datasets: lines.map((line) => ({ borderWidth: 2, pointRadius: 0, pointHitRadius: 8, ...line, data: [] })) },
		options: {
			parsing: false, normalized: true, interaction: { mode: "index", intersect: false },
			scales: {
				x: { type: "linear", ticks: { callback: (t) => clock(t), maxTicksLimit: 6, maxRotation: 0, autoSkipPadding: 24, includeBounds: false }, grid: { display: false } },
				y: { beginAtZero: true, ticks: { callback: (v) => format(v), maxTicksLimit: 6 } },
			},
			plugins: {
				legend: { labels: { filter: (item, data) => !data.datasets[item.datasetIndex].unused } },
				tooltip: { callbacks: { title: (items) => clock(items[0]?.parsed.x), label: (i) => `${i.dataset.label}: ${format(i.parsed.y)}` } },
			},
		},
	});
}

let rate, latency, unitFormat = bits;

export function drawRate(series, unit, from, to, words) {
	unitFormat = unit === "bits" ? bits : packets;
	rate ??= lineChart("rate", [
		{ label: "In", borderColor: colours.in, backgroundColor: `${colours.in}30`, fill: true },
		{ label: "Out", borderColor: colours.out, borderDash: [6, 4] },
		{ label: "All", borderColor: palette[2], borderDash: [2, 3] },
	], (v) => unitFormat(v));
	rate.data.datasets[0].data = series.in;
	rate.data.datasets[1].data = series.out;
	rate.data.datasets[2].data = series.all;
	rate.options.scales.x.min = from;
	rate.options.scales.x.max = to;
	rate.data.datasets.forEach((d, i) => {
		d.unused = series.undirected !== (i === 2);
		rate.setDatasetVisibility(i, !d.unused);
	});
	rate.update("none");
	canvas("rate").setAttribute("aria-label", words);
}

const strokes = [[], [6, 4], [2, 3], [10, 4, 2, 4]];

// Lines of {label, data}; they differ in their strokes as well.
export function drawLatency(lines, from, to) {
	latency ??= lineChart("latency", [], ms);
	latency.data.datasets = lines.map((line, i) => ({
		borderWidth: 2, pointRadius: 1.5, pointHitRadius: 8, spanGaps: true, ...line,
		borderColor: palette[i % palette.length], borderDash: strokes[i % strokes.length],
	}));
	latency.options.scales.x.min = from;
	latency.options.scales.x.max = to;
	latency.update("none");
	const last = (line) => ms(line.data.filter((p) => p.y !== null).at(-1)?.y);
	canvas("latency").setAttribute("aria-label", `DNS latency over time: ${lines.map((l) => `${l.label} last ${last(l)}`).join("; ") || "no answer in this range"}`);
}

// ---- rings ----

const rings = {};

function drawRing(id, name, rows) {
	const total = rows.reduce((sum, r) => sum + r.n, 0);
	rings[id] ??= new Chart(canvas(id), {
		type: "doughnut",
		data: { labels: [], datasets: [{ data: [], backgroundColor: [], borderColor: "#131a2e", borderWidth: 2 }] },
		options: { cutout: "66%", plugins: { legend: { display: false }, tooltip: { callbacks: { label: (i) => ` ${i.label}: ${exact(i.raw)} packets` } } } },
	});
	const chart = rings[id];
	chart.data.labels = rows.map((r) => r.label);
	chart.data.datasets[0].data = rows.map((r) => r.n);
	chart.data.datasets[0].backgroundColor = rows.map((r) => r.colour);
	chart.update("none");
	canvas(id).setAttribute("aria-label", `${name}: ${rows.map((r) => `${r.label} ${share(r.n, total)}`).join(", ") || "no packet yet"}`);
	drawLegend(canvas(`${id}-legend`), rows, total);
}

function drawLegend(list, rows, total) {
	while (list.children.length > rows.length) list.lastChild.remove();
	rows.forEach((r, i) => {
		const li = list.children[i] ?? list.appendChild(element("li", {}, element("i"), element("span"), element("b"), element("span", { class: "dim" })));
		li.children[0].style.background = r.colour;
		setText(li.children[1], r.label);
		setText(li.children[2], share(r.n, total));
		setText(li.children[3], count(r.n));
	});
}

export function drawTransport(s) {
	const rows = Object.entries(s.transport).filter(([, n]) => n).map(([label, n]) => ({ label, n }));
	rows.sort((a, b) => b.n - a.n);
	rows.forEach((r, i) => { r.colour = palette[i % palette.length]; });
	drawRing("transport", "Transport protocols", rows);
}

export function drawSecurity(s) {
	const rows = ["encrypted", "unencrypted", "unknown"].map((label) => ({ label, n: s.security[label].packets, colour: securities[label] }));
	drawRing("security", "Security", rows);
}

// ---- bars ----

// The largest applications; those under a hundredth, and "other", in one.
export function appRows(s, most = 10) {
	const all = Object.entries(s.app).map(([name, a]) => ({ name, ...a }));
	const named = all.filter((a) => a.name !== "other").sort((a, b) => b.bytes - a.bytes);
	const rare = named.filter((a, i) => i >= most || (a.bytes < 0.01 * s.bytes && a.packets < 0.01 * s.packets));
	const rows = named.filter((a) => !rare.includes(a));
	const rest = [...rare, ...all.filter((a) => a.name === "other")];
	if (rest.length) {
		const sum = (key) => rest.reduce((n, a) => n + a[key], 0);
		const name = rare.length ? `other (${rare.length} more)` : "other";
		rows.push({ name, bytes: sum("bytes"), packets: sum("packets"), flows: sum("flows"), bps: sum("bps"),
			title: rare.map((a) => a.name).join(", ") });
	}
	return rows;
}

export function drawApps(s) {
	const list = canvas("apps"), rows = appRows(s), top = Math.max(1, ...rows.map((r) => r.bytes));
	while (list.children.length > rows.length) list.lastChild.remove();
	rows.forEach((r, i) => {
		const li = list.children[i] ?? list.appendChild(element("li", {}, element("span", { class: "name" }),
			element("span", { class: "track", "aria-hidden": "true" }, element("i")), element("b"), element("span", { class: "dim" })));
		setText(li.children[0], r.name);
		li.children[0].title = r.title ?? "";
		li.children[1].firstChild.style.width = `${(100 * r.bytes) / top}%`;
		setText(li.children[2], share(r.bytes, s.bytes));
		setText(li.children[3], `${bytes(r.bytes)} · ${bits(r.bps)}`);
	});
}

let sizes, resolvers;

export function drawSizes(s) {
	const first = 5; // nothing is shorter than 32 octets but in files
	const labels = s.sizes.map((_, i) => (i === s.sizes.length - 1 ? `${2 ** i}+` : `${2 ** i}–${2 ** (i + 1) - 1}`)).slice(first);
	const data = s.sizes.slice(first);
	data[0] += s.sizes.slice(0, first).reduce((a, b) => a + b, 0);
	labels[0] = `<${2 ** (first + 1)}`;
	sizes ??= new Chart(canvas("sizes"), {
		type: "bar",
		data: { labels, datasets: [{ label: "Packets", data, backgroundColor: colours.in, borderRadius: 3 }] },
		options: { scales: { x: { grid: { display: false }, ticks: { maxRotation: 60, autoSkip: false, font: { size: 10 } } }, y: { beginAtZero: true, ticks: { callback: (v) => count(v), maxTicksLimit: 5 } } },
			plugins: { legend: { display: false }, tooltip: { callbacks: { label: (i) => `${exact(i.raw)} packets` } } } },
	});
	sizes.data.datasets[0].data = data;
	sizes.update("none");
	canvas("sizes").setAttribute("aria-label", `Packet sizes: ${labels.map((l, i) => (data[i] ? `${l} octets ${share(data[i], s.packets)}` : "")).filter(Boolean).join(", ")}`);
}

export function drawResolvers(s) {
	const rows = s.dns.servers.slice(0, 8);
	resolvers ??= new Chart(canvas("resolvers"), {
		type: "bar",
		data: { labels: [], datasets: ["p50", "p95", "p99"].map((label, i) => ({ label, data: [], backgroundColor: palette[[3, 1, 4][i]], borderRadius: 3 })) },
		options: { indexAxis: "y", scales: { x: { beginAtZero: true, ticks: { callback: (v) => ms(v), maxTicksLimit: 5, maxRotation: 0 } }, y: { grid: { display: false } } },
			plugins: { tooltip: { callbacks: { label: (i) => `${i.dataset.label}: ${ms(i.raw)}` } } } },
	});
	resolvers.data.labels = rows.map((r) => r.server);
	resolvers.data.datasets.forEach((d) => { d.data = rows.map((r) => r[d.label]); });
	resolvers.update("none");
	canvas("resolvers").setAttribute("aria-label", `DNS latency by resolver: ${rows.map((r) => `${r.server} p50 ${ms(r.p50)}, p95 ${ms(r.p95)}`).join("; ") || "none yet"}`);
}
