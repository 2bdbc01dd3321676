# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash disable=SC2154 # tmp, lens: lib.sh's
# What every fault test holds on to, whatever befalls xdplens: a transfer between the hosts goes on
# without a stall and to the bit, and nothing of ours stays in the kernel. After lib.sh.

# Begins a transfer each way between host and peer.
transfer_begin() {
	local from to address
	transfers=()
	for from in host peer; do
		to=peer address=10.77.0.2
		[ $from = host ] || { to=host address=10.77.0.1; }
		start ip netns exec "${!to}" python3 tests/e2e/transfer.py serve 7000 >"$tmp/got.$to"
		transfers+=("$child")
		until_true 10 sh -c "ip netns exec ${!to} ss -Hltn sport = :7000 | grep -q 7000" || fail "the transfer's server"
		start ip netns exec "${!from}" python3 tests/e2e/transfer.py send $address 7000 >"$tmp/sent.$to"
		transfers+=("$child")
	done
}

# transfer_end WHAT: ends them; no byte differs, and no stall was over a second.
transfer_end() {
	local to pid bytes hash gap sent_bytes sent_hash
	kill "${transfers[1]}" "${transfers[3]}" 2>/dev/null
	for pid in "${transfers[@]}"; do wait "$pid" || fail "$1: a transfer broke"; done
	for to in host peer; do
		read -r bytes hash gap <"$tmp/got.$to"
		read -r sent_bytes sent_hash _ <"$tmp/sent.$to"
		[ "$bytes $hash" = "$sent_bytes $sent_hash" ] || fail "$1: the transfer to the $to is corrupt"
		within "$1: longest silence of $bytes bytes to the $to, ms" "$gap" 0 1000
	done
}

# The programs of ours that are there, in any namespace.
our_programs() {
	bpftool prog show | sed -n 's/^\([0-9]*\): .*name \(xdp_ingress\|tc_ingress\|tc_egress\) .*/\1/p' | sort
}

# Nothing of ours in the host's namespace: hooks, filters.
nothing_attached() {
	local device
	! on_host bpftool net show | grep -q "xdp_ingress\|tc_ingress\|tc_egress\|^xl[0-9]*(.*id [0-9]" || return 1
	for device in $(on_host ls /sys/class/net); do
		! on_host tc filter show dev "$device" egress 2>/dev/null | grep -q bpf || return 1
		! on_host tc filter show dev "$device" ingress 2>/dev/null | grep -q bpf || return 1
	done
}

# $ids: programs that must have gone
nothing_left() {
	local id
	for id in $ids; do ! bpftool prog show id "$id" >/dev/null 2>&1 || return 1; done
	nothing_attached
}

# ends_well WHAT: SIGINT, status 0, every report balanced, nothing left
ends_well() {
	ids=$(held)
	[ -n "$ids" ] || fail "$1: no programs"
	unwatch
	equal "$1: final" "$(report .final)" true
	equal "$1: reports out of balance" "$(jq -c 'select(.ledger.balance != 0)' "$tmp/report" | wc -l)" 0
	until_true 3 nothing_left || fail "$1: something is left: $(on_host bpftool net show)"
	echo "$1: lost, told: $(report '.ledger.lost | tostring')"
}
