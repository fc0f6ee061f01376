#include "lock.h"

#include <string.h>

/* Mutex: state, sema. RWMutex: a Mutex for writers, writerSem, readerSem, readerCount, readerWait.
 * WaitGroup: state, sema. */
enum {
	MUTEX_SEMA = 4,
	RWMUTEX_WRITER_SEMA = 8,
	RWMUTEX_READER_SEMA = 12,
	WAITGROUP_SEMA = 8,
};

static bool has(const char *function, const char *part)
{
	return strstr(function, part) != NULL;
}

static enum lock_kind kind_by_semaphore(const char *function)
{
	/* runtime_SemacquireRWMutexR, runtime_SemacquireRWMutex: since 1.20 */
	if (has(function, "SemacquireRWMutexR"))
		return LOCK_RWMUTEX_READ;
	if (has(function, "SemacquireRWMutex"))
		return LOCK_RWMUTEX_WRITE;
	return LOCK_NONE;
}

static enum lock_kind kind_by_method(const char *function)
{
	if (has(function, "sync.(*Mutex).lockSlow"))
		return LOCK_MUTEX;
	if (has(function, "sync.(*RWMutex).Lock"))
		return LOCK_RWMUTEX_WRITE;
	if (has(function, "sync.(*RWMutex).RLock"))
		return LOCK_RWMUTEX_READ;
	if (has(function, "sync.(*WaitGroup).Wait"))
		return LOCK_WAITGROUP;
	return LOCK_NONE;
}

enum lock_kind lock_kind_of(const char *const *functions, size_t count)
{
	enum lock_kind kind = LOCK_NONE;
	bool of_mutex = false;

	for (size_t i = 0; i < count && kind == LOCK_NONE; i++) {
		kind = kind_by_semaphore(functions[i]);
		if (kind == LOCK_NONE)
			kind = kind_by_method(functions[i]);
		if (kind == LOCK_NONE && of_mutex)
			return LOCK_RWMUTEX_READ; /* 1.19: RLock was put in line */
		of_mutex = has(functions[i], "sync.runtime_SemacquireMutex");
	}
	return kind;
}

addr_t lock_of_semaphore(enum lock_kind kind, addr_t semaphore)
{
	switch (kind) {
	case LOCK_MUTEX:
		return semaphore - MUTEX_SEMA;
	case LOCK_RWMUTEX_READ:
		return semaphore - RWMUTEX_READER_SEMA;
	case LOCK_RWMUTEX_WRITE:
		return semaphore - RWMUTEX_WRITER_SEMA;
	case LOCK_WAITGROUP:
		return semaphore - WAITGROUP_SEMA;
	case LOCK_NONE:
		break;
	}
	return semaphore;
}

const char *lock_type_name(enum lock_kind kind)
{
	switch (kind) {
	case LOCK_MUTEX:
		return "sync.Mutex";
	case LOCK_RWMUTEX_READ:
	case LOCK_RWMUTEX_WRITE:
		return "sync.RWMutex";
	case LOCK_WAITGROUP:
		return "sync.WaitGroup";
	case LOCK_NONE:
		break;
	}
	return "";
}
