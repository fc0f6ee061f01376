// go:build withcgo

#include <pthread.h>
#include <unistd.h>

#include "_cgo_export.h"

void wait_in_c(void *held)
{
	*(char *)held = 1;
	for (;;)
		pause();
}

void call_go(void)
{
	heldInCallback();
}

static void *run_thread(void *unused)
{
	heldInCallback();
	return unused;
}

void call_go_from_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, run_thread, NULL);
}
