// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Memory in huge pages: see huge.h. */
#include "base/huge.h"

#include <stdint.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20 };

size_t huge_round(size_t bytes)
{
	return (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
}

void *huge_map(size_t bytes)
{
	size_t len = huge_round(bytes), head;
	char *p = mmap(NULL, len + HUGE_PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	head = huge_round((uintptr_t)p) - (uintptr_t)p;
	if (head)
		munmap(p, head);
	munmap(p + head + len, HUGE_PAGE - head);
	madvise(p + head, len, MADV_HUGEPAGE);
	return p + head;
}

void huge_unmap(void *p, size_t bytes)
{
	if (p)
		munmap(p, huge_round(bytes));
}
