// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The attach doctor, --check: what the kernel has, what we may do, and what is on the interfaces
 * already; each with what follows from it. It attaches to veth only: elsewhere native XDP may reset
 * the hardware. Beside live.c, with the same kernel.c and attach.c.
 */
#include "source/doctor.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/confine.h"
#include "base/text.h"
#include "source/attach.h"
#include "source/kernel.h"
#include "source/links.h"
#include "source/netns.h"
#include "source/nic.h"
#include "source/others.h"

__attribute__((format(printf, 3, 4))) static void row(const char *name, const char *means,
						      const char *format, ...)
{
	char found[256], printable[600];
	va_list args;

	va_start(args, format);
	vsnprintf(found, sizeof(found), format, args);
	va_end(args);
	text_escape(printable, sizeof(printable), found, strlen(found));
	printf("  %-28s %-34s %s\n", name, printable, means);
}

/* The first line of a file; false: it cannot be read. */
static bool doctor_line(const char *path, char *line, int n)
{
	FILE *f = fopen(path, "re");
	bool ok = f && fgets(line, n, f);

	if (ok)
		line[strcspn(line, "\n")] = 0;
	if (f)
		fclose(f);
	return ok;
}

/* ---- the kernel ---- */

static const struct probe {
	const char *name, *without;
	enum { PROBE_PROGRAM, PROBE_HELPER } kind;
	int type, helper;
} probes[] = {
	{"XDP programs", "ingress is watched at TC", PROBE_PROGRAM, BPF_PROG_TYPE_XDP, 0},
	{"TC programs", "needed; --mode pcap does without", PROBE_PROGRAM, BPF_PROG_TYPE_SCHED_CLS,
	 0},
	{"syscall programs", "needed (Linux 5.14); --mode pcap does without", PROBE_PROGRAM,
	 BPF_PROG_TYPE_SYSCALL, 0},
	{"XDP frags, xdp_load_bytes", "ingress is watched at TC (Linux 5.18)", PROBE_HELPER,
	 BPF_PROG_TYPE_XDP, BPF_FUNC_xdp_load_bytes},
	{"helper bpf_skb_cgroup_id", "flows have no owner", PROBE_HELPER, BPF_PROG_TYPE_SCHED_CLS,
	 BPF_FUNC_skb_cgroup_id},
};

/* Without privilege libbpf's probes answer all the same, and wrongly. */
static bool doctor_may_probe(void)
{
	return capng_get_caps_process() == 0 &&
	       (capng_have_capability(CAPNG_EFFECTIVE, CAP_BPF) ||
		capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN));
}

static void doctor_probe(const struct probe *p)
{
	int has = !doctor_may_probe()	     ? -EPERM
		  : p->kind == PROBE_PROGRAM ? libbpf_probe_bpf_prog_type(p->type, NULL)
					     : libbpf_probe_bpf_helper(p->type, p->helper, NULL);

	if (has < 0)
		row(p->name, "asking takes privilege: run this as root", "%s", strerror(-has));
	else
		row(p->name, has ? "" : p->without, "%s", has ? "yes" : "no");
}

static void doctor_kernel(void)
{
	struct utsname u;
	int major = 0, minor = 0;

	puts("Kernel");
	uname(&u);
	sscanf(u.release, "%d.%d", &major, &minor);
	row("release",
	    major < 5 || (major == 5 && minor < 9)
		    ? "before 5.9 there is no bpf_link for XDP: --mode pcap"
	    : major < 6 || (major == 6 && minor < 6)
		    ? "no TCX before 6.6: clsact filters, taken away at the end"
		    : "bpf_link for XDP and TCX: the kernel detaches us when we end, however we do",
	    "%s %s", u.release, u.machine);
	row("BTF",
	    access("/sys/kernel/btf/vmlinux", R_OK) == 0
		    ? ""
		    : "not needed by our programs; bpftool shows less",
	    "%s",
	    access("/sys/kernel/btf/vmlinux", R_OK) == 0 ? "/sys/kernel/btf/vmlinux" : "none");
	for (size_t i = 0; i < sizeof(probes) / sizeof(probes[0]); i++)
		doctor_probe(&probes[i]);
}

/* ---- what we may do ---- */

static void doctor_capabilities(void)
{
	static const struct {
		unsigned capability;
		const char *name, *without;
	} wanted[] = {
		{CAP_BPF, "CAP_BPF", "needed to load programs (or CAP_SYS_ADMIN)"},
		{CAP_NET_ADMIN, "CAP_NET_ADMIN", "needed to attach"},
		{CAP_PERFMON, "CAP_PERFMON", "needed by the verifier (or CAP_SYS_ADMIN)"},
		{CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "only names other people's programs and the cost"},
	};

	if (capng_get_caps_process() < 0)
		return;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		bool held = capng_have_capability(CAPNG_EFFECTIVE, wanted[i].capability);

		row(wanted[i].name, held ? "" : wanted[i].without, "%s", held ? "held" : "missing");
	}
}

static void doctor_memory(void)
{
	struct rlimit lock;
	char line[512], path[600], limit[64];
	FILE *f = fopen("/proc/self/cgroup", "re");

	getrlimit(RLIMIT_MEMLOCK, &lock);
	if (lock.rlim_cur == RLIM_INFINITY)
		row("locked memory", "", "unlimited");
	else
		row("locked memory", "counts before Linux 5.11 only; we raise it where we may",
		    "%llu KB", (unsigned long long)lock.rlim_cur / 1024);
	while (f && fgets(line, sizeof(line), f)) {
		char *group =
			strstr(line, "::") ? strstr(line, "::") + 2 : strstr(line, ":memory:");

		line[strcspn(line, "\n")] = 0;
		if (!group)
			continue;
		if (*group == ':')
			snprintf(path, sizeof(path),
				 "/sys/fs/cgroup/memory%.400s/memory.limit_in_bytes", group + 8);
		else
			snprintf(path, sizeof(path), "/sys/fs/cgroup%.400s/memory.max", group);
		if (doctor_line(path, limit, sizeof(limit)))
			row("memory of our cgroup", "maps and flow table count to it", "%s",
			    strlen(limit) > 18 ? "unlimited" : limit);
	}
	if (f)
		fclose(f);
}

/* What we can shut ourselves in with once we watch. */
static void doctor_confinement(void)
{
	int version = confine_files_version();
	char line[128];

	if (version > 0)
		row("Landlock", "once watching, no file opens but those named", "version %d",
		    version);
	else
		row("Landlock", "files are not confined (Linux 5.13, `lsm=landlock,...`)", "no");
	row("seccomp", "once watching, few system calls are left", "%s",
	    doctor_line("/proc/sys/kernel/seccomp/actions_avail", line, sizeof(line)) ? "yes"
										      : "no");
}

static void doctor_limits(void)
{
	char line[128];

	puts("Permission");
	doctor_capabilities();
	if (doctor_line("/proc/sys/kernel/unprivileged_bpf_disabled", line, sizeof(line)))
		row("unprivileged_bpf_disabled", "no matter: our programs take CAP_BPF anyway",
		    "%s", line);
	if (doctor_line("/proc/sys/kernel/perf_event_paranoid", line, sizeof(line)))
		row("perf_event_paranoid",
		    atoi(line) > 2 ? "3 and more: without CAP_BPF, some distributions ask for "
				     "CAP_SYS_ADMIN to load programs"
				   : "",
		    "%s", line);
	if (doctor_line("/sys/kernel/security/lockdown", line, sizeof(line)))
		row("lockdown",
		    strstr(line, "[confidentiality]")
			    ? "confidentiality: programs may not read kernel memory; ours need not"
			    : "",
		    "%s", line);
	else
		row("lockdown", "", "not in this kernel, or not mounted");
	doctor_confinement();
	doctor_memory();
}

/* ---- an interface ---- */

/* What can be told without attaching; false: it would be refused. `n`: programs in `others`. */
static bool doctor_predict(const struct options *o, const struct nic *nic,
			   const struct other *others, int n)
{
	for (int i = 0; i < n && o->mode < MODE_TC; i++) {
		if (strncmp(others[i].where, "XDP", 3) != 0)
			continue;
		row("mode",
		    "another XDP program holds the hook and stays; we see what it lets pass", "%s",
		    o->mode == MODE_AUTO ? "tc" : "none: refused");
		return o->mode == MODE_AUTO;
	}
	if (o->mode == MODE_TC || o->mode == MODE_PCAP)
		row("mode", "as asked for", "%s", o->mode == MODE_TC ? "tc" : "pcap");
	else if (o->mode == MODE_GENERIC)
		row("mode", "as asked for; sees packets after GRO", "generic");
	else if (nic->native == NIC_NATIVE_NO)
		row("mode", "the driver says that it takes no native XDP", "%s",
		    o->mode == MODE_NATIVE ? "none: refused" : "tc");
	else if (nic->native == NIC_NATIVE_YES && !nic->gro_hw && !nic->lro)
		row("mode",
		    "the driver says that it takes it; not tried: it may reset the hardware",
		    "native, probably");
	else
		row("mode",
		    nic->gro_hw || nic->lro
			    ? "GRO in hardware or LRO is on: `ethtool -K IFACE rx-gro-hw off lro "
			      "off`"
			    : "the kernel does not tell; not tried: it may reset the hardware",
		    "%s", o->mode == MODE_NATIVE ? "native or none" : "native, else tc");
	return o->mode != MODE_NATIVE || nic->native != NIC_NATIVE_NO;
}

/* veth only: attaches, says how, and detaches. */
static bool doctor_try(const struct options *o, const struct kernel *k, int ifindex,
		       const char *name)
{
	struct attachment a;
	int error = attach_interface(&a, k, ifindex, name, o->mode);

	if (error) {
		row("mode, tried", a.why, "none: refused");
		return false;
	}
	row("mode, tried", a.why[0] ? a.why : attach_advice(&a), "%s", a.mode);
	attach_detach(&a);
	return true;
}

static void doctor_nic(const struct nic *nic)
{
	row("driver", "", "%s", nic->driver[0] ? nic->driver : "none told");
	row("state",
	    !nic->up	    ? "down: nothing will come before `ip link set IFACE up`"
	    : !nic->running ? "no carrier: nothing will come"
			    : "",
	    "%s, MTU %d", nic->up ? "up" : "down", nic->mtu);
	row("GRO in hardware, LRO",
	    nic->gro_hw || nic->lro ? "may refuse native XDP; at TC packets are merged before us"
				    : "",
	    "%s, %s", nic->gro_hw ? "on" : "off", nic->lro ? "on" : "off");
	row("driver's native XDP", "", "%s",
	    nic->native == NIC_NATIVE_YES  ? "yes"
	    : nic->native == NIC_NATIVE_NO ? "no"
					   : "not told (Linux 6.3 does)");
}

static bool doctor_interface(const struct options *o, const struct kernel *k, const char *name)
{
	struct other others[OTHERS_MAX];
	struct nic nic;
	int n, tcx, ifindex = if_nametoindex(name);

	printf("Interface %s\n", name);
	if (!ifindex || nic_read(&nic, name) < 0) {
		row("state", "`ip -br link` lists those there are", "does not exist");
		return false;
	}
	doctor_nic(&nic);
	tcx = others_probe_tcx(ifindex);
	row("TCX", tcx == -EINVAL ? "clsact filters instead" : "", "%s",
	    !tcx	     ? "yes"
	    : tcx == -EINVAL ? "no"
			     : strerror(-tcx));
	n = others_list(others, ifindex);
	if (n < 0)
		row("programs", "asking takes privilege: run this as root", "%s", strerror(-n));
	if (n == 0)
		row("programs", "the hooks are free", "none");
	for (int i = 0; i < n; i++)
		row(others[i].where, others[i].owner, "%s (id %u)", others[i].name, others[i].id);
	if (k && o->mode != MODE_PCAP && strcmp(nic.driver, "veth") == 0)
		return doctor_try(o, k, ifindex, name);
	if (!k && o->mode != MODE_PCAP) {
		row("mode", "our programs are not loaded; --mode pcap does without", "none");
		return false;
	}
	return doctor_predict(o, &nic, others, n);
}

struct checkup { /* of all interfaces that "any" means */
	const struct options *options;
	const struct kernel *kernel;
	int could;
};

static void doctor_any(void *arg, const struct link_change *c)
{
	struct checkup *u = arg;

	struct options o = *u->options;

	if (!c->up || c->gone || c->loopback)
		return;
	o.mode = attach_mode(o.mode, c->veth);
	u->could += doctor_interface(&o, u->kernel, c->name);
	if (o.mode != u->options->mode)
		row("why", "a veth that nobody named: XDP would take large sends from it", "%s",
		    "");
}

/* How many interfaces could be watched; a named one that could not makes it 0, as when watching. */
static int doctor_interfaces(const struct options *o, const struct kernel *k)
{
	struct checkup u = {.options = o, .kernel = k};
	struct links *links;
	char name[16];

	if (!o->n_interfaces) {
		if (links_default(name))
			return doctor_interface(o, k, name);
		puts("Interface");
		row("default route", "name an interface with -i", "none");
		return 0;
	}
	for (int i = 0; i < o->n_interfaces; i++) {
		if (strcmp(o->interfaces[i], "any") != 0) {
			if (!doctor_interface(o, k, o->interfaces[i]))
				return 0;
			u.could++;
			continue;
		}
		links = links_new();
		if (links)
			links_poll(links, doctor_any, &u);
		links_free(links);
		u.could++; /* those that come later */
	}
	return u.could;
}

/* Asks for more frames at once than any kernel sends: none goes, and who knows the flag says so. */
static void doctor_live_frames(const struct kernel *k)
{
	char frame[64] = "";
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = sizeof(frame),
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = UINT32_MAX);
	bool has = bpf_prog_test_run_opts(kernel_xdp_fd(k), &o) == -E2BIG;

	row("live frames", has ? "" : "not needed; floods cannot be tried here", "%s",
	    has ? "yes" : "no");
}

static bool doctor_load(struct kernel *k, const struct options *o)
{
	struct options sized = *o;
	struct config *config = config_new(o->config);
	int error;

	puts("Our programs");
	fflush(stdout);
	if (!config)
		return false;
	sizes_read(&sized.sizes, config);
	config_free(config);
	error = kernel_load(k, &sized, &(struct listed){0});
	if (error)
		row("load", "stderr says what is missing; -v shows the verifier", "%s",
		    strerror(-error));
	else
		row("load", "", "loaded, %zu KB, %u CPUs", k->memory / 1024, k->cpus);
	if (!error && k->xdp)
		doctor_live_frames(k);
	return !error;
}

int doctor_run(const struct options *o)
{
	struct kernel *k = calloc(1, sizeof(*k));
	bool loaded, good;

	if (!k)
		return EXIT_FAILURE;
	if (o->netns && netns_go(netns_find(o->netns)) < 0) {
		free(k);
		return EXIT_FAILURE;
	}
	libbpf_set_print(NULL);
	doctor_kernel();
	doctor_limits();
	loaded = doctor_load(k, o);
	good = doctor_interfaces(o, loaded ? k : NULL) > 0;
	if (o->mode == MODE_PCAP)
		good &= capng_have_capability(CAPNG_EFFECTIVE, CAP_NET_RAW);
	else
		good &= loaded;
	if (loaded)
		kernel_unload(k);
	free(k);
	puts(good ? "xdplens can watch here"
		  : "xdplens cannot watch here; --mode pcap needs CAP_NET_RAW only, -r FILE "
		    "nothing");
	return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
