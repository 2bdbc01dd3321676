// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Snapshots to look back at. Filled by web.c, read by web_api.c. */
#include "view/web_frames.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

bool web_frame_pack(struct web_frame *f, double time, const char *json, size_t len)
{
	uLongf room = compressBound(len);
	unsigned char *data = malloc(room), *less;

	if (!data || compress2(data, &room, (const Bytef *)json, len, Z_BEST_SPEED) != Z_OK) {
		free(data);
		return false;
	}
	*f = (struct web_frame){time, len, room, data};
	less = realloc(data, room);
	if (less)
		f->data = less;
	return true;
}

char *web_frame_unpack(const struct web_frame *f)
{
	uLongf len = f->len;
	char *json = malloc(len + 1);

	if (!json || uncompress((Bytef *)json, &len, f->data, f->packed) != Z_OK) {
		free(json);
		return NULL;
	}
	json[len] = 0;
	return json;
}

bool web_frames_find(const struct web_frames *all, double at, struct web_frame *copy)
{
	size_t i = all->n;

	while (i > 1 && all->frames[i - 1].time > at)
		i--;
	if (!i)
		return false;
	*copy = all->frames[i - 1];
	copy->data = malloc(copy->packed);
	if (!copy->data)
		return false;
	memcpy(copy->data, all->frames[i - 1].data, copy->packed);
	return true;
}

static void frames_remove(struct web_frames *all, size_t i)
{
	all->octets -= all->frames[i].packed;
	free(all->frames[i].data);
	all->n--;
	memmove(&all->frames[i], &all->frames[i + 1], (all->n - i) * sizeof(all->frames[0]));
}

/* Of those that are no longer of the last minute, the ones too close to the one before. */
static void frames_thin(struct web_frames *all, double now)
{
	for (size_t i = 1; i < all->n && all->frames[i].time < now - WEB_FRAMES_FINE_S;) {
		if (all->frames[i].time - all->frames[i - 1].time < WEB_FRAMES_COARSE_S)
			frames_remove(all, i);
		else
			i++;
	}
}

void web_frames_add(struct web_frames *all, const struct web_frame *f)
{
	frames_thin(all, f->time);
	while (all->n && (all->n == WEB_FRAMES || all->octets + f->packed > WEB_FRAMES_OCTETS))
		frames_remove(all, 0);
	all->frames[all->n++] = *f;
	all->octets += f->packed;
}

void web_frames_clear(struct web_frames *all)
{
	for (size_t i = 0; i < all->n; i++)
		free(all->frames[i].data);
	*all = (struct web_frames){0};
}
