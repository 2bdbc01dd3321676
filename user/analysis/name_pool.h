/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names of flows (SNI, Host), each kept once however many flows bear it. Owned by the flow table.
 *
 * Bounded: when no cell of its bucket is free, a new name is refused and its flow goes without.
 */
#ifndef ANALYSIS_NAME_POOL_H
#define ANALYSIS_NAME_POOL_H

#include <stddef.h>
#include <stdint.h>

struct name_pool;

/* Room for at least `most` names. NULL and errno. */
struct name_pool *name_pool_new(size_t most);
void name_pool_free(struct name_pool *p);
size_t name_pool_memory(const struct name_pool *p); /* bytes, when all of it is in use */

/* Takes a reference to the name, cut to NAME_LEN; 0: empty, or refused. */
uint32_t name_pool_take(struct name_pool *p, const char *name);

/* The name of a reference; "" for 0. */
const char *name_pool_text(const struct name_pool *p, uint32_t ref);

/* Gives a reference back; 0 is fine. */
void name_pool_drop(struct name_pool *p, uint32_t ref);

#endif
