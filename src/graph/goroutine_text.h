/* What is said of goroutines in more than one report. Text is the caller's to free(). */
#pragma once

#include "analysis.h"

/* "main.start at task.go:40"; "" for the first goroutine. */
char *goroutine_text_created_by(const struct analysis *analysis, const struct goroutine *goroutine);

/* "main.worker at task.go:41" */
char *goroutine_text_frame(const struct group_frame *frame);

/* The same of the frame that says most. */
char *goroutine_text_top(const struct goroutine_group *group);

/* "main.worker", or "" outside of Go code. */
char *goroutine_text_function(const struct analysis *analysis, addr_t pc);

/* What it does: a wait reason or its status. */
const char *goroutine_text_state(
	const struct analysis *analysis, const struct goroutine *goroutine);

/* Nanoseconds since a collection first saw it wait; 0: not known. `now_ns` as the one after the
 * next gives it. Bounded as by the next. */
uint64_t goroutine_waited(
	const struct analysis *analysis, const struct goroutine *goroutine, uint64_t now_ns);

/* A wait, but no longer than the process has run, where that is known: it is told by another clock,
 * and from a moment before the stop, so it may be some milliseconds less. */
uint64_t goroutine_bound_wait(const struct analysis *analysis, uint64_t wait_ns);

/* The runtime's clock at the capture. Captures of silt know it; in other cores the latest that the
 * runtime noted must do. */
uint64_t goroutine_clock(const struct analysis *analysis);
