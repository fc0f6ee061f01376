#include "progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

enum { FIRST_SECONDS = 2, INTERVAL_US = 500000 };

/* The signal handler has nothing else to go by. */
static const char *volatile current_phase;
static volatile sig_atomic_t shown;

static void show(int signal_number)
{
	const char *phase = current_phase;
	static const char clear[] = "\r\x1b[Ksilt: ";

	(void)signal_number;
	if (!phase)
		return;
	shown = 1;
	if (write(STDERR_FILENO, clear, sizeof(clear) - 1) < 0 ||
		write(STDERR_FILENO, phase, strlen(phase)) < 0 ||
		write(STDERR_FILENO, " ...", 4) < 0)
		return;
}

void progress_start(void)
{
	const struct itimerval timer = {
		.it_value = {.tv_sec = FIRST_SECONDS},
		.it_interval = {.tv_usec = INTERVAL_US},
	};
	struct sigaction action = {.sa_handler = show, .sa_flags = SA_RESTART};

	if (!isatty(STDERR_FILENO))
		return;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

void progress_phase(void *context, const char *phase)
{
	(void)context;
	current_phase = phase;
}

void progress_stop(void)
{
	const struct itimerval never = {0};
	static const char clear[] = "\r\x1b[K";

	current_phase = NULL;
	if (!isatty(STDERR_FILENO))
		return;
	setitimer(ITIMER_REAL, &never, NULL);
	if (shown && write(STDERR_FILENO, clear, sizeof(clear) - 1) < 0)
		return;
}
