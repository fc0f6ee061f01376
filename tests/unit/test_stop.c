/* Stopping a process of which a thread does not stop: the others go on. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "stop.h"

enum { BUSY_MS = 1000, LIMIT_MS = 20, LONGEST_GAP_MS = 500, STEP_US = 1000 };

/* What the process tells of itself. */
struct shared {
	bool sleeps;          /* its first thread sleeps where no signal reaches it */
	uint64_t longest_gap; /* between two steps of its second one */
	unsigned steps;
};

static void *step(void *context)
{
	volatile struct shared *shared = context;

	for (uint64_t last = clock_now();;) {
		usleep(STEP_US);
		uint64_t now = clock_now();

		if (shared->sleeps && now - last > shared->longest_gap)
			shared->longest_gap = now - last;
		last = now;
		shared->steps++;
	}
	return NULL;
}

/* Who has called vfork() sleeps until the child has ended or become another program. */
static _Noreturn void sleep_deeply(volatile struct shared *shared)
{
	pthread_t thread;

	pthread_create(&thread, NULL, step, (void *)(uintptr_t)shared);
	usleep(10 * STEP_US);
	pid_t child = vfork();

	if (child == 0) {
		shared->sleeps = true;
		usleep(BUSY_MS * 1000);
		_exit(0);
	}
	for (;;)
		pause();
}

static void test_thread_that_does_not_stop(void **state)
{
	volatile struct shared *shared = mmap(
		NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct stop *stop = NULL;
	pid_t child = fork();

	(void)state;
	if (child == 0)
		sleep_deeply(shared);
	while (!shared->sleeps)
		usleep(STEP_US);
	struct error *error = stop_create(child, LIMIT_MS * NS_PER_MS, &stop);
	unsigned steps = shared->steps;

	assert_non_null(error);
	assert_int_equal(error->code, ERROR_BUSY);
	error_destroy(error);
	usleep(100 * STEP_US);
	assert_true(shared->steps > steps);
	assert_true(shared->longest_gap < LONGEST_GAP_MS * NS_PER_MS);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	munmap((void *)(uintptr_t)shared, sizeof(*shared));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thread_that_does_not_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
