// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A control group's number is its directory's inode number, so one walk through the mounted tree
 * names all that were met since the last. After cgroup_name.c and peer.c; the pipeline asks.
 *
 * Processes are not named: a socket's process would have to be looked for in every process's
 * descriptors, as root, while the flow lasts; and the control group tells the service, which is
 * what is asked for.
 */
#include "source/owner.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "source/peer.h"

enum {
	OWNER_TRIES = 3,	     /* walks that look for the same control group */
	OWNER_DEPTH = 24,	     /* of the tree */
	OWNER_DIRECTORIES = 1 << 16, /* a walk */
	OWNER_BUCKETS = OWNERS,
	OWNER_PEERS = 64, /* interfaces that are asked about at a time */
	PEER_TRIES = 10,
};

static const long cgroup2_magic = 0x63677270; /* CGROUP2_SUPER_MAGIC, linux/magic.h */
static const uint64_t walk_ns = 1000000000, peer_ns = 3000000000;

struct owner {
	uint64_t id;
	uint16_t number; /* its place, and above that how often it was given away */
	uint16_t next;	 /* of the same bucket */
	uint8_t tries;	 /* left; 0: known, or given up */
	char name[OWNER_LEN];
};

struct behind { /* an interface */
	int ifindex;
	uint8_t tries;
	char name[OWNER_LEN];
};

struct owners {
	char root[64]; /* where control groups are mounted; empty: nowhere */
	struct peers *peers;
	struct owner owner[OWNERS]; /* 0 is none */
	uint16_t bucket[OWNER_BUCKETS];
	unsigned used, next, unknown, round;
	struct behind behind[OWNER_INTERFACES];
	unsigned n_behind;
	uint64_t walked, asked;
	int looked; /* directories, in this walk */
};

struct owners *owners_new(void)
{
	static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
	struct owners *o = calloc(1, sizeof(*o));
	struct statfs fs;

	if (!o)
		return NULL;
	for (int i = 0; i < 2; i++)
		if (statfs(roots[i], &fs) == 0 && fs.f_type == cgroup2_magic)
			snprintf(o->root, sizeof(o->root), "%s", roots[i]);
	o->peers = peers_new();
	return o;
}

void owners_free(struct owners *o)
{
	if (!o)
		return;
	peers_free(o->peers);
	free(o);
}

/* ---- control groups ---- */

static uint16_t *owners_bucket(struct owners *o, uint64_t id)
{
	return &o->bucket[(id * 0x9e3779b97f4a7c15ull >> 32) % OWNER_BUCKETS];
}

static struct owner *owners_find(struct owners *o, uint64_t id)
{
	for (uint16_t n = *owners_bucket(o, id); n; n = o->owner[n].next)
		if (o->owner[n].id == id)
			return &o->owner[n];
	return NULL;
}

static void owners_forget(struct owners *o, uint16_t which)
{
	uint16_t *n = owners_bucket(o, o->owner[which].id);

	while (*n && *n != which)
		n = &o->owner[*n].next;
	if (*n)
		*n = o->owner[which].next;
	o->unknown -= o->owner[which].tries > 0;
}

uint16_t owners_of(struct owners *o, uint64_t id)
{
	struct owner *found;
	uint16_t *bucket;

	if (!id || !o->root[0])
		return 0;
	found = owners_find(o, id);
	if (found)
		return found->number;
	if (++o->next == OWNERS) {
		o->next = 1;
		o->round++;
	}
	found = &o->owner[o->next];
	if (o->used + 1 < OWNERS)
		o->used++;
	else
		owners_forget(o, o->next);
	bucket = owners_bucket(o, id);
	*found = (struct owner){.id = id,
				.number = o->round * OWNERS + o->next,
				.next = *bucket,
				.tries = OWNER_TRIES};
	*bucket = o->next;
	o->unknown++;
	return found->number;
}

const char *owners_name(const struct owners *o, uint16_t owner)
{
	const struct owner *known = &o->owner[owner % OWNERS];

	return owner && known->number == owner ? known->name : "";
}

static void owners_take_directory(struct owners *o, uint64_t inode, const char *path)
{
	struct owner *w = owners_find(o, inode);

	if (!w || !w->tries)
		return;
	cgroup_name(w->name, path);
	w->tries = 0;
	o->unknown--;
}

/* `path`: where we are, below the root; it is put back. */
static void owners_walk(struct owners *o, int at, char *path, size_t len, int depth)
{
	int fd = openat(at, depth ? strrchr(path, '/') + 1 : o->root,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!dir && fd >= 0)
		close(fd);
	while (dir && o->unknown && (e = readdir(dir)) && o->looked < OWNER_DIRECTORIES) {
		size_t n = strlen(e->d_name);

		if (e->d_type != DT_DIR || e->d_name[0] == '.' || len + n + 2 > PATH_MAX)
			continue;
		o->looked++;
		path[len] = '/';
		memcpy(path + len + 1, e->d_name, n + 1);
		owners_take_directory(o, e->d_ino, path);
		if (depth < OWNER_DEPTH)
			owners_walk(o, fd, path, len + 1 + n, depth + 1);
		path[len] = 0;
	}
	if (dir)
		closedir(dir);
}

static void owners_walk_all(struct owners *o)
{
	char path[PATH_MAX] = "";
	struct stat root;

	o->looked = 0;
	if (stat(o->root, &root) == 0)
		owners_take_directory(o, root.st_ino, "");
	owners_walk(o, AT_FDCWD, path, 0, 0);
	for (unsigned i = 1; i <= o->used && o->unknown; i++)
		if (o->owner[i].tries && --o->owner[i].tries == 0)
			o->unknown--;
}

/* ---- interfaces ---- */

const char *owners_interface(struct owners *o, int ifindex)
{
	struct behind *b = NULL;

	for (unsigned i = 0; i < o->n_behind && i < OWNER_INTERFACES; i++)
		if (o->behind[i].ifindex == ifindex)
			return o->behind[i].name;
	b = &o->behind[o->n_behind++ % OWNER_INTERFACES];
	*b = (struct behind){.ifindex = ifindex, .tries = PEER_TRIES};
	return b->name;
}

/* False: there is nobody to ask about. */
static bool owners_ask_peers(struct owners *o)
{
	static struct peer peers[OWNER_PEERS];
	struct behind *whose[OWNER_PEERS];
	int n = 0;

	for (unsigned i = 0; i < o->n_behind && i < OWNER_INTERFACES && n < OWNER_PEERS; i++) {
		if (!o->behind[i].tries)
			continue;
		o->behind[i].tries--;
		whose[n] = &o->behind[i];
		peers[n++].ifindex = o->behind[i].ifindex;
	}
	if (n && o->peers)
		peers_find(o->peers, peers, n);
	for (int i = 0; i < n; i++) {
		if (!peers[i].found)
			continue;
		cgroup_name(whose[i]->name, peers[i].cgroup);
		whose[i]->tries = 0;
	}
	return n > 0;
}

void owners_tick(struct owners *o, uint64_t now)
{
	if (o->unknown && o->root[0] && now - o->walked >= walk_ns) {
		o->walked = now;
		owners_walk_all(o);
	}
	if (now - o->asked >= peer_ns && owners_ask_peers(o))
		o->asked = now;
}
