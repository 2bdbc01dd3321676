// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Copied packets: their list, and one of them layer by layer and octet by octet.
import { clock, element, ms } from "./format.js";
import { securityText } from "./tables.js";

const end = (address, port) => (port ? (address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`) : address);
const precise = (t) => `${clock(t)}.${String(Math.floor((t % 1) * 1e6)).padStart(6, "0")}`;

const text = (key, title, value, more = {}) => ({ key, title, kind: "text", value, text: (v) => (v ?? "–") + "", ...more });
const host = (key, title) => ({ key, title, kind: "host", value: (r) => r[key], text: (v) => v ?? "–", host: (r) => r[key] });
const number = (key, title, format = (v) => (v ? String(v) : "")) => ({ key, title, kind: "number", value: (r) => r[key], text: format });

export const packetTable = {
	title: "Packets", sort: "number", hosts: (r) => [r.src, r.dst],
	empty: "No packet was copied yet. DNS and the first packets of each flow are; with --sample N, one in N.",
	columns: [
		number("number", "No."), { ...number("ts", "Time", precise) }, text("direction", "Way", (r) => r.direction, { text: (v) => (v === "in" ? "→ in" : "← out") }),
		host("src", "From"), number("sport", "Port"), host("dst", "To"), number("dport", "Port"),
		text("proto", "Proto", (r) => r.proto || r.l3), text("app", "Application", (r) => r.app),
		text("security", "Security", (r) => r.security, { text: securityText, tint: (r) => r.security }),
		number("wire_len", "Octets", String), text("tcp_flags", "Flags", (r) => r.tcp_flags),
		{ ...number("dns_latency_ms", "DNS latency"), text: (v) => (v === null ? "" : ms(v)) },
		text("why", "Copied as", (r) => r.why.join(", ")), text("interface", "Interface", (r) => r.interface),
	],
};

const octet = (hex, i) => hex.slice(2 * i, 2 * i + 2);
const octets = (hex, i, n) => Array.from({ length: n }, (_, k) => octet(hex, i + k)).join(":");

// The layers that were parsed: name, facts, and the octets [from, to) of each.
function layers(p) {
	const list = [], length = p.hex.length / 2;
	const l3 = p.l3_offset || length, l4 = p.l4_offset || length, payload = p.payload_offset || length;
	if (l3 >= 14) {
		const facts = [["destination", octets(p.hex, 0, 6)], ["source", octets(p.hex, 6, 6)]];
		if (p.vlan) facts.push(["VLAN", p.vlan]);
		facts.push(["type", `0x${octet(p.hex, Math.min(l3, length) - 2)}${octet(p.hex, Math.min(l3, length) - 1)}`]);
		list.push({ name: "Ethernet", from: 0, to: l3, facts });
	}
	if (p.src) list.push({ name: p.l3 === "ipv4" ? "IPv4" : "IPv6", from: l3, to: l4,
		facts: [["source", p.src], ["destination", p.dst], [p.l3 === "ipv4" ? "TTL" : "hop limit", p.ttl], ["protocol", p.proto], ...p.marks.map((m) => ["mark", m])] });
	else list.push({ name: p.l3.toUpperCase(), from: l3, to: length, facts: [["outcome", p.outcome]] });
	if (p.src && p.outcome === "flow") list.push({ name: p.proto.toUpperCase(), from: l4, to: payload, facts: transportFacts(p) });
	if (p.payload_len) list.push({ name: p.app === "other" ? "Payload" : p.app.toUpperCase(), from: payload, to: length,
		facts: [["octets", p.payload_len], ["security", p.security], ...(p.dns_latency_ms === null ? [] : [["latency", ms(p.dns_latency_ms)]])] });
	return list;
}

function transportFacts(p) {
	if (p.proto === "tcp") return [["ports", `${p.sport} → ${p.dport}`], ["flags", p.tcp_flags || "none"], ["sequence", p.tcp_seq], ["acknowledges", p.tcp_ack]];
	if (p.proto.startsWith("icmp")) return [["type", p.icmp_type], ["code", p.icmp_code]];
	return p.sport || p.dport ? [["ports", `${p.sport} → ${p.dport}`]] : [];
}

function hexRows(p, list) {
	const length = p.hex.length / 2, rows = [];
	const layerOf = (i) => list.findIndex((l) => i >= l.from && i < l.to);
	for (let at = 0; at < length; at += 16) {
		const row = element("div", {}, element("span", { class: "dim", text: `${at.toString(16).padStart(4, "0")}  ` }));
		let plain = "";
		for (let i = at; i < at + 16; i++) {
			const known = i < length, code = known ? parseInt(octet(p.hex, i), 16) : 0;
			row.append(element("span", { class: known ? `layer${layerOf(i)}` : "", text: (known ? octet(p.hex, i) : "  ") + (i % 8 === 7 ? "  " : " ") }));
			if (known) plain += code >= 32 && code < 127 ? String.fromCharCode(code) : ".";
		}
		row.append(element("span", { class: "dim", text: plain }));
		rows.push(row);
	}
	return rows;
}

export function showPacket(panel, p) {
	const list = layers(p);
	panel.replaceChildren(
		element("div", { class: "bar" }, element("h2", { text: `Packet ${p.number}` }),
			element("span", { class: "dim", text: `${p.src ? `${end(p.src, p.sport)} → ${end(p.dst, p.dport)}, ` : ""}${p.wire_len} octets on the wire, ${p.caplen} shown` }),
			element("span", { class: "downloads" }, element("button", { type: "button", text: "Close", onclick: () => { panel.hidden = true; } }))),
		element("ol", { class: "layers" }, ...list.map((l, i) => element("li", { class: `layer${i}` }, element("b", { text: l.name }),
			element("span", { class: "dim", text: ` octets ${l.from} to ${Math.max(l.from, l.to - 1)}` }),
			element("dl", {}, ...l.facts.map(([k, v]) => element("div", {}, element("dt", { text: k }), element("dd", { text: String(v) }))))))),
		element("div", { class: "hex", tabindex: "0", role: "region", "aria-label": "Octets in hexadecimal" }, ...hexRows(p, list)));
	panel.hidden = false;
}
