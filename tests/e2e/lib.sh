# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# shellcheck shell=bash
# Two hosts in network namespaces of their own, joined by a veth pair: `host` is watched, `peer` is
# not. Everything that is made here is taken away at the end, however it ends.
#
#   host: 10.77.0.1 fd77::1 on xl0       peer: 10.77.0.2 fd77::2 on xl1

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
xdplens=$PWD/build/xdplens
# shellcheck disable=SC2034 # the tests' own
host=xl-host-$$ peer=xl-peer-$$
tmp=$(mktemp -d)
children=()

skip() {
	echo "$1"
	exit 77
}

fail() {
	echo "FAILED: $*"
	[ -f "$tmp/log" ] && sed 's/^/  xdplens: /' "$tmp/log" | tail -n 20
	exit 1
}

need() {
	local program
	for program in "$@"; do
		command -v "$program" >/dev/null || skip "$program is not installed"
	done
}

clean_up() {
	local pid
	for pid in "${children[@]}"; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
	done
	for name in $host $peer; do
		ip netns pids "$name" 2>/dev/null | while read -r pid; do kill -9 "$pid" 2>/dev/null; done
		ip netns del "$name" 2>/dev/null
	done
	rm -rf "$tmp"
}

on_host() { ip netns exec "$host" "$@"; }
on_peer() { ip netns exec "$peer" "$@"; }

# Runs in the background, to be ended by clean_up at the latest; its number is in $child.
start() {
	"$@" &
	child=$!
	children+=("$child")
}

# Waits until a command succeeds, at most $1 seconds.
until_true() {
	local seconds=$1 i
	shift
	for ((i = 0; i < seconds * 20; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}

make_hosts() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	ip netns add "$host" 2>/dev/null || skip "network namespaces are refused here"
	trap clean_up EXIT
	trap 'exit 1' INT TERM
	ip netns add "$peer"
	ip -n "$host" link add xl0 type veth peer name xl1 netns "$peer"
	for args in "$host xl0 1" "$peer xl1 2"; do
		# shellcheck disable=SC2086
		set -- $args
		ip netns exec "$1" sysctl -qw "net.ipv6.conf.$2.accept_dad=0" "net.ipv6.conf.$2.router_solicitations=0"
		ip -n "$1" addr add "10.77.0.$3/24" dev "$2"
		ip -n "$1" addr add "fd77::$3/64" dev "$2" nodad
		ip -n "$1" link set lo up
		ip -n "$1" link set "$2" up
	done
	# no neighbour discovery in the middle of a measurement
	local mac0 mac1
	mac0=$(on_host cat /sys/class/net/xl0/address)
	mac1=$(on_peer cat /sys/class/net/xl1/address)
	ip -n "$host" neigh replace 10.77.0.2 lladdr "$mac1" dev xl0 nud permanent
	ip -n "$host" neigh replace fd77::2 lladdr "$mac1" dev xl0 nud permanent
	ip -n "$peer" neigh replace 10.77.0.1 lladdr "$mac0" dev xl1 nud permanent
	ip -n "$peer" neigh replace fd77::1 lladdr "$mac0" dev xl1 nud permanent
	until_true 5 on_host ping -c 1 -W 1 10.77.0.2 || fail "the hosts do not reach each other"
	until_true 5 on_host ping -6 -c 1 -W 1 fd77::2 || fail "the hosts do not reach each other by IPv6"
}

# watch OPTION...: xdplens on the host, report in $tmp/report, messages in $tmp/log; number in $lens.
watch() {
	start ip netns exec "$host" "$xdplens" "$@" >"$tmp/report" 2>"$tmp/log"
	lens=$child
	until_true 10 grep -q "watching\|using" "$tmp/log" || fail "xdplens did not start"
}

# Ends it with SIGINT and wants status 0.
unwatch() {
	local status
	kill -INT "$lens"
	wait "$lens"
	status=$?
	[ "$status" = 0 ] || fail "exit status $status after SIGINT"
}

# dump NAMESPACE INTERFACE ARGUMENT...: tcpdump into $tmp/dump.pcap, messages in $tmp/tcpdump.
dump() {
	start ip netns exec "$1" tcpdump -i "$2" -B 65536 -w "$tmp/dump.pcap" "${@:3}" 2>"$tmp/tcpdump"
	dump=$child
	until_true 5 grep -q "listening on" "$tmp/tcpdump" || fail "tcpdump did not start: $(cat "$tmp/tcpdump")"
}

# Ends it when it has everything: the kernel hands out a block that is not full after a second.
undump() {
	sleep 1.5
	kill -INT "$dump"
	wait "$dump"
	grep -q "^0 packets dropped by kernel" "$tmp/tcpdump" || fail "tcpdump lost packets: $(cat "$tmp/tcpdump")"
}

# The last JSON report's value of a jq path.
report() { tail -n 1 "$tmp/report" | jq -r "$1"; }

# equal WHAT GOT WANTED
equal() {
	[ "$2" = "$3" ] || fail "$1: $2, should be $3"
	echo "$1: $2"
}

# within WHAT GOT LOW HIGH
within() {
	awk -v g="$2" -v l="$3" -v h="$4" 'BEGIN { exit !(g >= l && g <= h) }' ||
		fail "$1: $2, should be within $3 and $4"
	echo "$1: $2"
}

# The programs that process $lens holds.
held() { sed -n 's/^prog_id:\s*//p' /proc/"$lens"/fdinfo/* 2>/dev/null | sort -u; }

statistic() { ip netns exec "$1" cat "/sys/class/net/$2/statistics/$3"; }

# capture_reads FILE: it is whole, and tshark, capinfos and tcpdump have no complaint.
capture_reads() {
	local complaint
	complaint=$(tshark -r "$1" 2>&1 >/dev/null | grep -v "^Running as user") || true
	[ -z "$complaint" ] || fail "tshark, of ${1##*/}: $complaint"
	complaint=$(capinfos "$1" 2>&1 >/dev/null)
	[ -z "$complaint" ] || fail "capinfos, of ${1##*/}: $complaint"
	complaint=$(tcpdump -nr "$1" 2>&1 >/dev/null | grep -v "^reading from file\|^Warning: interface names might be incorrect") || true
	[ -z "$complaint" ] || fail "tcpdump, of ${1##*/}: $complaint"
}

capture_fields() { tshark -r "$1" -T fields "${@:2}" 2>/dev/null; }
capture_packets() { capture_fields "$1" -e frame.number | wc -l; }

# The peer serves one run of iperf3, of which these are the client's arguments.
send() {
	start ip netns exec "$peer" iperf3 -s -1 --logfile /dev/null
	until_true 5 sh -c "ip netns exec $peer ss -Hltn sport = :5201 | grep -q 5201" || fail "iperf3 -s"
	on_host iperf3 -c 10.77.0.2 "$@" >/dev/null || fail "iperf3"
}
# A line a frame, its octets. Where we look at what the host sends, its TCP has not made the checksum yet.
capture_octets() {
	tcpdump -nr "$1" -xx -t 2>/dev/null |
		awk '!/^\t/ { if (frame) print frame; frame = ""; next }
			{ sub(/^\t0x[0-9a-f]*: */, ""); gsub(/ /, ""); frame = frame $0 }
			END { print frame }' | sed -E 's/^(.{46}06.{52}).{4}/\1----/' | sort
}
