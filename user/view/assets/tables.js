// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Tables that are sorted, searched and downloaded, and the columns of each of them. Rows are
// updated in place, so that the keyboard's focus stays where it is.
import { bits, bytes, clock, count, csv, date, download, element, exact, ms, setText } from "./format.js";

// A column: key (also of CSV), title, value(row) to sort and save, text(value, row) to show; kind
// "number", "host" (click: only this host) or "text"; wide: may wrap.
const column = (key, title, more = {}) => ({ key, title, value: (row) => row[key], text: (v) => (v ?? "–") + "", ...more });
const text = (key, title, more) => column(key, title, { kind: "text", ...more });
const number = (key, title, format, more) => column(key, title, { kind: "number", text: (v) => format(v ?? NaN), ...more });
const host = (key, title, more) => column(key, title, { kind: "host", host: (row) => row[key], ...more });
const time = (key, title, format = clock) => number(key, title, format);

const port = (n) => (n ? String(n) : "");
const lock = { encrypted: "✓ encrypted", unencrypted: "⚠ unencrypted", unknown: "? unknown" };
export const securityText = (word) => lock[word] ?? word;
const severity = { high: "▲▲ high", medium: "▲ medium", low: "△ low", info: "ⓘ info" };
const amount = (v, unit) => (v === null || v === undefined ? "–" : `${Number.isInteger(v) ? exact(v) : +v.toPrecision(4)} ${unit}`);

export const tables = {
	flows: {
		title: "Flows", rows: (s) => s.top_flows, sort: "bps", hosts: (r) => [r.src, r.dst],
		empty: "No flow yet.",
		columns: [
			host("src", "From"), number("sport", "Port", port), host("dst", "To"), number("dport", "Port", port),
			text("name", "Name"), text("proto", "Proto"), text("app", "Application"),
			text("security", "Security", { text: securityText, tint: (r) => r.security }),
			number("bps", "Rate", bits),
			number("bytes_all", "Bytes", bytes, { value: (r) => r.bytes + r.bytes_rev }),
			number("packets_all", "Packets", count, { value: (r) => r.packets + r.packets_rev }),
			number("bytes", "Sent", bytes), number("bytes_rev", "Received", bytes),
			number("handshake_ms", "Handshake", ms), text("tcp_flags", "Flags"),
			text("interface", "Interface"), text("owner", "Owner"), time("first", "First"), time("last", "Last"),
		],
	},
	hosts: {
		title: "Hosts", rows: (s) => s.talkers, sort: "bytes", hosts: (r) => [r.ip],
		empty: "No host yet.",
		columns: [
			host("ip", "Address"), text("name", "Name"), number("bps", "Sends", bits), number("pps", "Packets/s", count),
			number("bytes", "Bytes", bytes), number("packets", "Packets", count),
		],
	},
	resolvers: {
		title: "Resolvers", rows: (s) => s.dns.servers, sort: "matched", hosts: (r) => [r.server],
		empty: "No DNS query yet.",
		columns: [
			host("server", "Resolver"), number("matched", "Answered", count), number("unanswered", "Unanswered", count),
			number("retransmissions", "Sent again", count), number("p50", "p50", ms), number("p95", "p95", ms), number("p99", "p99", ms),
		],
	},
	slow: {
		title: "Slowest answers", rows: (s) => s.dns.slow, sort: "latency_ms", hosts: (r) => [r.client, r.server],
		empty: "No answer yet.",
		columns: [
			number("latency_ms", "Latency", ms), text("qname", "Question", { wide: true }), text("qtype", "Type"),
			host("client", "Client"), host("server", "Resolver"), time("ts", "Asked"),
		],
	},
	names: {
		title: "Asked for", rows: (s) => s.dns.names, sort: "queries", hosts: () => [],
		empty: "No question yet.",
		columns: [text("name", "Domain", { wide: true }), number("queries", "Queries", count), number("nxdomain", "NXDOMAIN", count)],
	},
	alerts: {
		title: "Alerts", rows: (s) => s.alerts.list, sort: "ts", hosts: (r) => (r.subject ?? "").split(/[^0-9a-fA-F:.]+/),
		empty: "Nothing conspicuous.",
		columns: [
			text("state", "State", { value: (r) => (r.end ? "closed" : "open"), text: (v) => (v === "open" ? "● open" : "○ closed") }),
			text("severity", "Severity", { text: (v) => severity[v] ?? v, tint: (r) => r.severity,
				order: (r) => ["info", "low", "medium", "high"].indexOf(r.severity) }),
			text("detector", "Detector"), text("kind", "Kind"), text("subject", "Subject", { wide: true }),
			number("observed", "Seen", (v) => v, { text: (v, r) => amount(v, r.unit) }),
			number("expected", "Expected", (v) => v, { text: (v, r) => amount(v, r.unit) }),
			text("reason", "Why", { wide: true }), time("ts", "Since", date), number("end", "Until", clock),
		],
	},
	interfaces: {
		title: "Interfaces", rows: (s) => s.interfaces, sort: "name", ascending: true, hosts: () => [],
		empty: "No interface.",
		columns: [
			text("name", "Name"), text("mode", "Mode"), text("up", "State", { text: (v) => (v ? "up" : "down") }), text("owner", "Owner"),
			number("in_bps", "In", bits), number("out_bps", "Out", bits),
			number("in", "Packets in", exact, { value: (r) => r.in.packets }), number("in_bytes", "Bytes in", bytes, { value: (r) => r.in.bytes }),
			number("out", "Packets out", exact, { value: (r) => r.out.packets }), number("out_bytes", "Bytes out", bytes, { value: (r) => r.out.bytes }),
		],
	},
	ledger: {
		title: "Ledger: what became of every packet", rows: ledgerRows, sort: "packets", hosts: () => [],
		empty: "No packet yet.",
		columns: [text("fate", "Fate"), number("packets", "Packets", exact), text("meaning", "Meaning", { wide: true })],
	},
};

function ledgerRows(s) {
	const l = s.ledger;
	const rows = [
		{ fate: "seen", packets: l.seen, meaning: "by the hooks" },
		{ fate: "in flows", packets: l.flows, meaning: "known to the packet, by five-tuple" },
		{ fate: "overflow", packets: l.overflow, meaning: "counted exactly, but only as totals: the tables were full" },
		{ fate: "not a flow", packets: l.not_flow, meaning: "ARP and the like" },
		{ fate: "balance", packets: l.balance, meaning: "seen, less all the others: must be 0" },
	];
	for (const [reason, n] of Object.entries(l.unparsed)) if (n) rows.push({ fate: `unparsed: ${reason}`, packets: n, meaning: "could not be parsed" });
	for (const [ring, n] of Object.entries(l.lost)) rows.push({ fate: `lost: ${ring}`, packets: n, meaning: ring === "files" ? "records that no file took" : "records that a full ring refused" });
	rows.push({ fate: "first packets not copied", packets: l.head_skipped, meaning: "budget spent: fewer names" });
	rows.push({ fate: "DNS not copied", packets: l.dns_skipped, meaning: "budget spent: transactions sampled" });
	return rows;
}

export class Table {
	// onHost(address): the user wants to see only this host; onRow(row): a row was chosen.
	constructor(panel, definition, { onHost, onRow } = {}) {
		Object.assign(this, { panel, definition, onHost, onRow, data: [], shown: [], query: "", only: "" });
		this.sort = definition.sort;
		this.up = !!definition.ascending;
		this.build();
	}

	build() {
		const d = this.definition, id = `search-${d.title.replace(/\W+/g, "-")}`;
		this.search = element("input", { type: "search", id, placeholder: "Search", class: "search", oninput: () => { this.query = this.search.value.toLowerCase(); this.render(); } });
		this.amount = element("span", { class: "dim", role: "status" });
		this.downloads = element("span", { class: "downloads" },
			element("button", { type: "button", text: "CSV", "aria-label": `${d.title} as CSV`, onclick: () => this.saveCsv() }),
			element("button", { type: "button", text: "JSON", "aria-label": `${d.title} as JSON`, onclick: () => this.saveJson() }));
		this.heads = d.columns.map((c) => element("th", { scope: "col", class: c.kind === "number" ? "number" : "" },
			element("button", { type: "button", text: c.title, onclick: () => this.sortBy(c.key) })));
		this.body = element("tbody");
		this.none = element("p", { class: "dim", text: d.empty });
		this.frame = element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": d.title },
			element("table", {}, element("thead", {}, element("tr", {}, ...this.heads)), this.body));
		this.panel.append(element("div", { class: "bar" }, element("h2", { text: d.title }),
			element("label", { for: id, class: "unseen", text: `Search ${d.title}` }), this.search, this.amount, this.downloads), this.frame, this.none);
	}

	update(data) {
		this.data = data ?? [];
		this.render();
	}

	sortBy(key) {
		const numeric = this.definition.columns.find((c) => c.key === key).kind === "number";
		this.up = key === this.sort ? !this.up : !numeric;
		this.sort = key;
		this.render();
	}

	arrange() {
		const d = this.definition, by = d.columns.find((c) => c.key === this.sort) ?? d.columns[0];
		const value = by.order ?? by.value, sign = this.up ? 1 : -1;
		const matches = (row) => !this.query || d.columns.some((c) => String(c.text(c.value(row), row)).toLowerCase().includes(this.query));
		const rows = this.data.filter((row) => (!this.only || d.hosts(row).includes(this.only)) && matches(row));
		const compare = (a, b) => {
			const x = value(a), y = value(b);
			if (x === y) return 0;
			if (x === null || x === undefined) return 1;
			if (y === null || y === undefined) return -1;
			return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
		};
		return rows.sort(compare);
	}

	render() {
		const columns = this.definition.columns;
		this.shown = this.arrange();
		this.heads.forEach((th, i) => {
			const sorted = columns[i].key === this.sort;
			th.setAttribute("aria-sort", sorted ? (this.up ? "ascending" : "descending") : "none");
		});
		while (this.body.rows.length > this.shown.length) this.body.deleteRow(-1);
		this.shown.forEach((row, i) => this.fill(this.body.rows[i] ?? this.addRow(), row));
		const all = this.data.length, n = this.shown.length;
		setText(this.amount, n === all ? `${n}` : `${n} of ${all}`);
		this.none.hidden = n > 0;
		setText(this.none, all ? "Nothing matches." : this.definition.empty);
		this.frame.hidden = n === 0;
	}

	addRow() {
		const tr = element("tr");
		this.definition.columns.forEach((c, i) => {
			const td = element("td", { class: `${c.kind} ${c.wide ? "wide" : ""}` });
			if (c.kind === "host") td.append(element("button", { type: "button", class: "host", onclick: () => this.onHost?.(c.host(tr.row)) }));
			else if (this.onRow && i === 0) td.append(element("button", { type: "button", class: "host", onclick: () => this.onRow(tr.row) }));
			tr.append(td);
		});
		if (this.onRow) tr.addEventListener("click", (e) => e.target.closest("button") || this.onRow(tr.row));
		this.body.append(tr);
		return tr;
	}

	fill(tr, row) {
		tr.row = row;
		this.definition.columns.forEach((c, i) => {
			const td = tr.cells[i], target = td.firstElementChild ?? td;
			setText(target, String(c.text(c.value(row), row)));
			if (c.tint) td.dataset.tint = c.tint(row);
		});
		if (this.selected !== undefined) tr.classList.toggle("selected", row.number === this.selected);
	}

	saveCsv() {
		const columns = this.definition.columns;
		download(`${this.fileName()}.csv`, "text/csv", csv(columns.map((c) => c.key), this.shown.map((row) => columns.map((c) => c.value(row)))));
	}

	saveJson() {
		download(`${this.fileName()}.json`, "application/json", JSON.stringify(this.shown, null, 1));
	}

	fileName() {
		return `xdplens-${this.definition.title.split(":")[0].toLowerCase().replace(/\W+/g, "-")}`;
	}
}
