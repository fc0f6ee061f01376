/* Attaching to threads: one that has ended is none, and a refusal says what would help. */
#include "check.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attach.h"
#include "procfs.h"

enum { NO_THREAD = 0x7ffffffe, TRIES = 5000, TRY_AGAIN_US = 1000 };

static void *wait_for_signal(void *context)
{
	(void)context;
	pause();
	return NULL;
}

/* A process whose first thread has ended and is still listed, as any thread is for a moment. */
static pid_t start_without_first_thread(void)
{
	pid_t child = fork();

	if (child == 0) {
		pthread_t thread;

		pthread_create(&thread, NULL, wait_for_signal, NULL);
		pthread_exit(NULL);
	}
	return child;
}

static bool first_thread_ends(pid_t pid)
{
	for (unsigned i = 0; i < TRIES; i++) {
		struct error *error = procfs_check(pid);

		error_destroy(error);
		if (error)
			return true;
		usleep(TRY_AGAIN_US);
	}
	return false;
}

static void test_thread_that_has_ended(void **state)
{
	bool attached = true;
	pid_t child = start_without_first_thread();

	(void)state;
	assert_true(child > 0);
	assert_true(first_thread_ends(child));
	assert_null(attach_thread(child, child, &attached));
	assert_false(attached);
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_no_thread(void **state)
{
	bool attached = true;

	(void)state;
	assert_null(attach_thread(getpid(), NO_THREAD, &attached));
	assert_false(attached);
}

/* Nobody may trace itself. */
static void test_refusal(void **state)
{
	bool attached = true;
	struct error *error = attach_thread(getpid(), getpid(), &attached);

	(void)state;
	assert_non_null(error);
	assert_int_equal(error->code, ERROR_PERMISSION);
	assert_non_null(strstr(error->message, "CAP_SYS_PTRACE"));
	assert_false(attached);
	error_destroy(error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thread_that_has_ended),
		cmocka_unit_test(test_no_thread),
		cmocka_unit_test(test_refusal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
