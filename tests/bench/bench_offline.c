// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What reading a capture file costs: writes one of small packets over many flows, then runs the
 * commands that follow on it, one after the other, and prints packets a second of one core (CPU
 * time, not wall time) and the most memory that each had.
 *
 * usage: bench_offline FILE PACKETS FLOWS [NAME COMMAND]...    (COMMAND is the shell's)
 */
#include <errno.h>
#include <pcap/pcap.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench_packet.h"
#include "bench_row.h"

struct record_header { /* of a pcap file with the classic magic */
	uint32_t seconds, microseconds, caplen, len;
};

static void die(const char *what)
{
	fprintf(stderr, "bench_offline: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* The flow is in the source's address and port: packets of all flows in turn. */
static void packet_steer(uint8_t *frame, uint32_t flow)
{
	frame[26] = 10;
	frame[27] = flow >> 16;
	frame[28] = flow >> 8;
	frame[29] = flow;
	bench_put16(frame + 34, 1024 + (flow & 0x7fff));
}

static void capture_write(const char *path, uint32_t packets, uint32_t flows)
{
	static const struct pcap_file_header file = {
		.magic = 0xa1b2c3d4,
		.version_major = PCAP_VERSION_MAJOR,
		.version_minor = PCAP_VERSION_MINOR,
		.snaplen = 65535,
		.linktype = DLT_EN10MB,
	};
	uint8_t frames[2][BENCH_PACKET_MAX];
	uint32_t lens[2];
	FILE *f = fopen(path, "w");

	if (!f)
		die(path);
	lens[0] = bench_packet_write(bench_packet_find("tcp4"), frames[0]);
	lens[1] = bench_packet_write(bench_packet_find("udp4"), frames[1]);
	fwrite(&file, sizeof(file), 1, f);
	for (uint32_t i = 0; i < packets; i++) {
		uint32_t flow = i % flows, kind = flow & 1;
		struct record_header r = {1700000000 + i / 1000000, i % 1000000, lens[kind],
					  lens[kind]};

		packet_steer(frames[kind], flow);
		fwrite(&r, sizeof(r), 1, f);
		fwrite(frames[kind], lens[kind], 1, f);
	}
	if (fclose(f))
		die(path);
}

static double seconds(struct timeval t)
{
	return t.tv_sec + t.tv_usec / 1e6;
}

static double wall(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void command_run(const char *what, const char *name, const char *command, double packets)
{
	struct rusage usage;
	double took = wall();
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &usage) < 0)
		die("wait4");
	took = wall() - took;
	if (status) {
		fprintf(stderr, "bench_offline: %s: status %#x\n", command, status);
		return;
	}
	bench_row("offline", what, name, "M packets/s of a core",
		  packets / (seconds(usage.ru_utime) + seconds(usage.ru_stime)) / 1e6);
	bench_row("offline", what, name, "seconds", took);
	bench_row("offline", what, name, "MiB resident at most", usage.ru_maxrss / 1024.0);
}

int main(int argc, char **argv)
{
	uint32_t packets, flows;
	char what[64];

	if (argc < 4 || argc % 2 || (packets = atoi(argv[2])) < 1 || (flows = atoi(argv[3])) < 1) {
		fputs("usage: bench_offline FILE PACKETS FLOWS [NAME COMMAND]...\n", stderr);
		return 2;
	}
	capture_write(argv[1], packets, flows);
	snprintf(what, sizeof(what), "%u packets, %u flows", packets, flows);
	for (int i = 4; i < argc; i += 2) {
		command_run(what, argv[i], argv[i + 1], packets);
		fflush(stdout);
	}
	return 0;
}
