#include "fault_point.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_NAME = 32, MAX_PLACES = 64 };

/* How often this process has come to each place. Only tests have this: the one mutable global. */
static struct place {
	const char *name;
	unsigned hits;
} places[MAX_PLACES];

static unsigned count_hit(const char *name)
{
	for (unsigned i = 0; i < MAX_PLACES; i++) {
		const char *none = NULL;

		__atomic_compare_exchange_n(
			&places[i].name, &none, name, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
		if (!strcmp(places[i].name, name))
			return __atomic_add_fetch(&places[i].hits, 1, __ATOMIC_SEQ_CST);
	}
	abort();
}

static void log_hit(const char *name)
{
	const char *path = getenv("SILT_FAULT_LOG");
	int fd = path ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	dprintf(fd, "%d %s\n", getpid(), name);
	close(fd);
}

/* What has to happen at this hit; "" when nothing. */
static const char *action_at(const char *name, unsigned hit)
{
	const char *fault = getenv("SILT_FAULT");
	char prefix[MAX_NAME + 16];
	int length = snprintf(prefix, sizeof(prefix), "%s:%u:", name, hit);

	return fault && !strncmp(fault, prefix, (size_t)length) ? fault + length : "";
}

static void kill_if(const char *action, const char *moment)
{
	bool all = !strncmp(action, "all-", strlen("all-"));

	if (!strcmp(all ? action + strlen("all-") : action, moment))
		kill(all ? 0 : getpid(), SIGKILL);
}

bool fault_before(const char *name, unsigned *ret_hit)
{
	*ret_hit = count_hit(name);
	const char *action = action_at(name, *ret_hit);

	log_hit(name);
	kill_if(action, "before");
	errno = atoi(action);
	return errno != 0;
}

void fault_after(const char *name, unsigned hit)
{
	int problem = errno;

	kill_if(action_at(name, hit), "after");
	errno = problem;
}
