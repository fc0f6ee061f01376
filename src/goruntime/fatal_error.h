/* The fatal error by which the runtime ended the program, in the core of a crash.
 *
 * runtime.fatal and runtime.throw print their message in a function literal that captured it; that
 * one is still in their frame, on the stack of a goroutine or of a thread's scheduler.
 *
 * Source: Go, runtime/panic.go (fatal, throw), from 1.19 to 1.27.
 */
#pragma once

#include "goroutine.h"

enum {
	FATAL_MESSAGE_MAX = 512, /* bytes */
	NO_GOROUTINE = -1,
};

struct fatal_error {
	char message[FATAL_MESSAGE_MAX + 1]; /* "concurrent map writes" */
	int64_t goroutine; /* that caused it, by place; NO_GOROUTINE: the scheduler did */
};

/* False: there is none. Only cores are looked at. */
bool fatal_error_find(const struct goruntime *runtime, const struct goroutines *goroutines,
	struct fatal_error *ret);

/* Appends the stacks, besides those of goroutines and those that threads are on, where it is looked
 * for. */
void fatal_error_stacks(const struct goruntime *runtime, struct ranges *ret);

/* Did the program end because all goroutines wait for each other? Then none of them would ever have
 * been woken (proc.go, checkdead). */
bool fatal_error_is_deadlock(const struct fatal_error *error);

/* Did goroutines use a map at the same time? (runtime/map.go, internal/runtime/maps) */
bool fatal_error_is_of_map(const struct fatal_error *error);
