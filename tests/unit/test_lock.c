/* Which lock a goroutine waits for, by the functions that it is in: as goroutine dumps of the
 * versions show them. */
#include "check.h"

#include "lock.h"

static const struct {
	enum lock_kind kind;
	unsigned semaphore; /* its offset in the lock: sync/mutex.go, rwmutex.go, waitgroup.go */
	const char *functions[LOCK_FRAMES];
} waits[] = {
	/* 1.19 */
	{LOCK_MUTEX, 4,
		{"runtime.gopark", "runtime.semacquire1", "sync.runtime_SemacquireMutex",
			"sync.(*Mutex).lockSlow", "main.f", "main.main"}},
	{LOCK_RWMUTEX_READ, 12,
		{"runtime.gopark", "runtime.semacquire1", "sync.runtime_SemacquireMutex", "main.f",
			"main.main", "runtime.main"}},
	{LOCK_RWMUTEX_WRITE, 8,
		{"runtime.gopark", "runtime.semacquire1", "sync.runtime_SemacquireMutex",
			"sync.(*RWMutex).Lock", "main.f", "main.main"}},
	{LOCK_WAITGROUP, 8,
		{"runtime.gopark", "runtime.semacquire1", "sync.runtime_Semacquire",
			"sync.(*WaitGroup).Wait", "main.f", "main.main"}},
	/* 1.27 */
	{LOCK_MUTEX, 4,
		{"runtime.gopark", "runtime.semacquire1", "internal/sync.runtime_SemacquireMutex",
			"internal/sync.(*Mutex).lockSlow", "sync.(*RWMutex).Lock", "main.f"}},
	{LOCK_RWMUTEX_READ, 12,
		{"runtime.gopark", "runtime.semacquire1", "sync.runtime_SemacquireRWMutexR",
			"main.f", "main.main", "runtime.main"}},
	{LOCK_RWMUTEX_WRITE, 8,
		{"runtime.gopark", "runtime.semacquire1", "sync.runtime_SemacquireRWMutex",
			"sync.(*RWMutex).Lock", "main.f", "main.main"}},
	{LOCK_WAITGROUP, 8,
		{"runtime.gopark", "runtime.semacquire1", "sync.runtime_SemacquireWaitGroup",
			"sync.(*WaitGroup).Wait", "main.f", "main.main"}},
	/* the lock of a file descriptor */
	{LOCK_NONE, 0,
		{"runtime.gopark", "runtime.semacquire1", "internal/poll.runtime_Semacquire",
			"internal/poll.(*fdMutex).rwlock", "internal/poll.(*FD).Read", "main.f"}},
};

static void test_kinds(void **state)
{
	const addr_t lock = 0xc000012340;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(waits); i++) {
		assert_int_equal(lock_kind_of(waits[i].functions, LOCK_FRAMES), waits[i].kind);
		assert_int_equal(lock_of_semaphore(waits[i].kind, lock + waits[i].semaphore), lock);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_kinds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
