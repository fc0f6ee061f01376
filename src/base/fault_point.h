/* Named places at the system calls of a capture, where tests make it fail or end.
 *
 * Only with the meson option fault_points; otherwise a call stands as it is written, and nothing of
 * this is in the program. The environment variable SILT_FAULT then names what happens, as
 * "NAME:HIT:ACTION", when this process comes to the place for the HIT-th time (from 1). ACTION is
 *
 * - a number: the call is not made and fails with that errno.
 * - "before", "after": this process is killed before or after the call.
 * - "all-before", "all-after": its process group is.
 *
 * SILT_FAULT_LOG names a file to which each process adds the names of the places that it comes to.
 * Thread-safe.
 */
#pragma once

#include <stdbool.h>

#ifdef SILT_FAULT_POINTS
/* Sets errno when the call has to fail. */
bool fault_before(const char *name, unsigned *ret_hit);
void fault_after(const char *name, unsigned hit);

#define FAULT_POINT(name, call)                                                                    \
	({                                                                                         \
		unsigned hit_;                                                                     \
		__typeof__(call) result_ = (__typeof__(call))-1;                                   \
		if (!fault_before(name, &hit_)) {                                                  \
			result_ = (call);                                                          \
			fault_after(name, hit_);                                                   \
		}                                                                                  \
		result_;                                                                           \
	})
#else
#define FAULT_POINT(name, call) (call)
#endif
