// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Numbers and times for people, and elements whose text is only ever text.

const none = "–";

function scaled(n, units, step) {
	let i = 0;
	while (Math.abs(n) >= step * 0.9995 && i < units.length - 1) {
		n /= step;
		i++;
	}
	const digits = i === 0 || n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2;
	return `${n.toFixed(i === 0 && n % 1 && n < 10 ? 1 : digits)}${units[i]}`;
}

const known = (n) => typeof n === "number" && Number.isFinite(n);

export const count = (n) => (known(n) ? scaled(n, ["", "k", "M", "G", "T"], 1000) : none);
export const bytes = (n) => (known(n) ? scaled(n, [" B", " kB", " MB", " GB", " TB", " PB"], 1000) : none);
export const bits = (n) => (known(n) ? scaled(n, [" bit/s", " kbit/s", " Mbit/s", " Gbit/s", " Tbit/s"], 1000) : none);
export const packets = (n) => (known(n) ? scaled(n, [" pkt/s", " kpkt/s", " Mpkt/s", " Gpkt/s"], 1000) : none);
export const exact = (n) => (known(n) ? n.toLocaleString("en-US") : none);

export function ms(n) {
	if (!known(n)) return none;
	if (n < 1) return `${Math.round(n * 1000)} µs`;
	return n < 1000 ? `${n.toFixed(n < 10 ? 2 : n < 100 ? 1 : 0)} ms` : `${(n / 1000).toFixed(2)} s`;
}

// What is not all is never shown as 100 %.
export function share(part, whole) {
	if (!known(part) || !whole) return none;
	const p = (100 * part) / whole;
	if (p > 0 && p < 0.1) return "<0.1%";
	return part < whole && p > 99.9 ? ">99.9%" : `${p.toFixed(p === 100 || p === 0 ? 0 : 1)}%`;
}

export const percent = (p) => (known(p) ? share(p, 100) : none);

export function duration(s) {
	if (!known(s)) return none;
	if (s < 60) return `${s.toFixed(s < 10 ? 1 : 0)} s`;
	const d = Math.floor(s / 86400), h = Math.floor((s % 86400) / 3600), m = Math.floor((s % 3600) / 60);
	return d ? `${d} d ${h} h` : h ? `${h} h ${m} min` : `${m} min ${Math.floor(s % 60)} s`;
}

export const clock = (t) => (known(t) ? new Date(t * 1000).toLocaleTimeString("en-GB") : none);
export const date = (t) => (known(t) ? new Date(t * 1000).toLocaleString("sv-SE") : none);

export function element(tag, properties = {}, ...children) {
	const e = document.createElement(tag);
	for (const [name, value] of Object.entries(properties)) {
		if (name === "class") e.className = value;
		else if (name === "text") e.textContent = value;
		else if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
		else e.setAttribute(name, value);
	}
	e.append(...children);
	return e;
}

export function setText(node, text) {
	if (node.textContent !== text) node.textContent = text;
}

export function download(name, type, text) {
	const url = URL.createObjectURL(new Blob([text], { type }));
	const a = element("a", { href: url, download: name });
	a.click();
	setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// RFC 4180; what a spreadsheet would take for a formula gets a leading apostrophe.
export function csvCell(value) {
	if (value === null || value === undefined) return "";
	let text = String(value);
	if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
	return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export const csv = (head, rows) => [head, ...rows].map((row) => row.map(csvCell).join(",")).join("\r\n") + "\r\n";
