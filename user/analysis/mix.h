/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keyed hashing for tables whose keys come from the wire: the seed is drawn at start, so nobody
 * outside can choose addresses that meet in one bucket. 64 x 64 -> 128 bit multiply and fold, as in
 * wyhash (Wang Yi).
 */
#ifndef ANALYSIS_MIX_H
#define ANALYSIS_MIX_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>

struct mix_seed {
	uint64_t word[4];
};

static inline uint64_t mix_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* 0, or -1 and errno. */
static inline int mix_seed_draw(struct mix_seed *seed)
{
	return getrandom(seed, sizeof(*seed), 0) == sizeof(*seed) ? 0 : -1;
}

static inline uint64_t mix_address(const struct mix_seed *seed, const uint8_t addr[16])
{
	uint64_t word[2];

	memcpy(word, addr, sizeof(word));
	return mix_fold(mix_fold(word[0] ^ seed->word[0], word[1] ^ seed->word[1]),
			seed->word[2] | 1);
}

static inline uint64_t mix_text(const struct mix_seed *seed, const char *text, size_t len)
{
	uint64_t h = seed->word[0] ^ len, word;

	for (; len >= sizeof(word); len -= sizeof(word), text += sizeof(word)) {
		memcpy(&word, text, sizeof(word));
		h = mix_fold(h ^ word, seed->word[1] | 1);
	}
	word = 0;
	memcpy(&word, text, len);
	return mix_fold(h ^ word, seed->word[1] | 1);
}

#endif
