// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Giving up privilege after attaching, for -Z. What is open stays open: rings, maps, links and
 * files. What would need privilege later, such as attaching to an interface that comes back, is
 * refused by the kernel then, and said.
 */
#include "base/privilege.h"

#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/log.h"

int privilege_drop(const char *user)
{
	struct passwd *who = getpwnam(user);
	int status;

	if (!who) {
		log_error("-Z %s: no such user", user);
		return -ENOENT;
	}
	capng_clear(CAPNG_SELECT_BOTH);
	status = capng_change_id(who->pw_uid, who->pw_gid,
				 CAPNG_DROP_SUPP_GRP | CAPNG_CLEAR_BOUNDING);
	if (status < 0) {
		log_error("-Z %s: the identity cannot be changed (libcap-ng status %d); it takes "
			  "root",
			  user, status);
		return -EPERM;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		log_error("-Z %s: no_new_privs: %s", user, strerror(errno));
		return -errno;
	}
	log_info("running as %s, without capabilities", user);
	return 0;
}
