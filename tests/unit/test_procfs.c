/* /proc: lines made by hand, and this process against what it knows of itself. */
#include "check.h"

#include <signal.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "elf_image.h"
#include "pagemap.h"
#include "procfs.h"
#include "random.h"

static bool parse(const char *text, struct mapping *ret)
{
	char *line = memory_string(text);
	bool parsed = procfs_parse_mapping(line, ret);

	free(line);
	return parsed;
}

static void check_mapping(const char *text, struct mapping expected)
{
	struct mapping mapping;

	assert_true(parse(text, &mapping));
	assert_true(mapping.start == expected.start);
	assert_true(mapping.end == expected.end);
	assert_true(mapping.offset == expected.offset);
	assert_int_equal(mapping.protection, expected.protection);
	assert_int_equal(mapping.shared, expected.shared);
	assert_string_equal(mapping.path, expected.path);
	free(mapping.path);
}

static void test_lines(void **state)
{
	(void)state;
	check_mapping("00400000-00452000 r-xp 00001000 08:02 173521      /usr/bin/dbus-daemon\n",
		(struct mapping){0x400000, 0x452000, 0x1000, PROTECTION_READ | PROTECTION_EXECUTE,
			false, (char *)"/usr/bin/dbus-daemon"});
	check_mapping("c000000000-c000400000 rw-p 00000000 00:00 0 \n",
		(struct mapping){0xc000000000, 0xc000400000, 0, PROTECTION_READ | PROTECTION_WRITE,
			false, (char *)""});
	check_mapping("ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0    [vsyscall]",
		(struct mapping){0xffffffffff600000, 0xffffffffff601000, 0, PROTECTION_EXECUTE,
			false, (char *)"[vsyscall]"});
	check_mapping("1000-2000 ---s ffffffff000 fe:01 1    /a file with spaces (deleted)\n",
		(struct mapping){0x1000, 0x2000, 0xffffffff000, 0, true,
			(char *)"/a file with spaces (deleted)"});
}

static void test_lines_that_are_none(void **state)
{
	static const char *const lines[] = {"", "\n", "1000", "1000-", "1000-2000",
		"1000-2000 r-xp", "x-y r-xp 0 0:0 0", "2000-1000 r-xp 0 0:0 0",
		"1000-1000 r-xp 0 0:0 0", " - - - - "};
	struct mapping mapping;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_false(parse(lines[i], &mapping));
	assert_true(parse("1000-2000 r 0", &mapping)); /* a short protection is not read beyond */
	assert_int_equal(mapping.protection, PROTECTION_READ);
	assert_string_equal(mapping.path, "");
	free(mapping.path);
}

static void test_own_mappings(void **state)
{
	struct target *target = target_create(TARGET_PROCESS);
	int on_stack = 0;

	(void)state;
	assert_success(procfs_mappings(getpid(), target));
	const struct mapping *stack = target_mapping(target, (addr_t)(uintptr_t)&on_stack);
	assert_non_null(stack);
	assert_string_equal(stack->path, "[stack]");
	assert_int_equal(stack->protection, PROTECTION_READ | PROTECTION_WRITE);
	const struct mapping *text = target_mapping(target, (addr_t)(uintptr_t)test_own_mappings);
	assert_non_null(text);
	assert_true(text->protection & PROTECTION_EXECUTE);
	assert_non_null(strstr(text->path, "test_procfs"));
	for (size_t i = 1; i < target->mappings.count; i++)
		assert_true(target->mappings.items[i - 1].end <= target->mappings.items[i].start);
	target_destroy(target);
}

static void test_own_auxiliary_vector(void **state)
{
	struct target *target = target_create(TARGET_PROCESS);

	(void)state;
	assert_success(procfs_auxv(getpid(), target));
	assert_int_equal(target->entry, getauxval(AT_ENTRY));
	assert_int_equal(target->program_headers, getauxval(AT_PHDR));
	assert_int_equal(target->auxv_length % 16, 0);
	target_destroy(target);
}

static void test_status(void **state)
{
	long number = -1;

	(void)state;
	assert_true(procfs_status_number(getpid(), "Uid", &number));
	assert_int_equal(number, getuid());
	assert_true(procfs_status_number(getpid(), "PPid", &number));
	assert_int_equal(number, getppid());
	assert_false(procfs_status_number(getpid(), "Ui", &number));
	assert_success(procfs_check(getpid()));
	assert_true(procfs_uptime(getpid()) > 0);
	assert_true(procfs_uptime(getpid()) < procfs_uptime(1) + 1000000000u);
}

static void test_process_that_has_ended(void **state)
{
	siginfo_t info;
	struct target *target = target_create(TARGET_PROCESS);
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT); /* a zombie now */
	assert_error(procfs_check(pid), ERROR_GONE);
	assert_error(procfs_mappings(pid, target), ERROR_GONE);
	waitpid(pid, NULL, 0);
	assert_error(procfs_check(pid), ERROR_GONE);
	assert_error(procfs_mappings(pid, target), ERROR_SYSTEM);
	assert_int_equal(procfs_uptime(pid), 0);
	target_destroy(target);
}

/* A limit of our own is not the end of the process. */
static void test_no_descriptor_left(void **state)
{
	struct rlimit before, none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	struct error *error = procfs_check(getpid());
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_error(error, ERROR_SYSTEM);
}

/* Against mincore(2), which asks the kernel another way. */
static void test_present_pages(void **state)
{
	enum { PAGES = 200, PAGE = 4096 };
	struct random random = random_from(7);
	struct ranges ranges = {0};
	unsigned char expected[PAGES];
	uint8_t *memory = mmap(
		NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	addr_t start = (addr_t)(uintptr_t)memory;

	(void)state;
	assert_int_equal(sysconf(_SC_PAGESIZE), PAGE);
	madvise(memory, PAGES * PAGE, MADV_NOHUGEPAGE);
	for (unsigned i = 0; i < 60; i++)
		memory[random_below(&random, PAGES) * PAGE] = 1;
	assert_int_equal(mincore(memory, PAGES * PAGE, expected), 0);
	ranges_add(&ranges, start, start + PAGES * PAGE);
	assert_success(pagemap_filter(getpid(), PAGEMAP_PRESENT_PAGES, &ranges));
	for (unsigned i = 0; i < PAGES; i++)
		assert_int_equal(ranges_have(&ranges, start + i * PAGE), expected[i] & 1);
	ranges_deinit(&ranges);
	assert_success(pagemap_filter(getpid(), PAGEMAP_PRESENT_PAGES, &ranges)); /* nothing */
	munmap(memory, PAGES * PAGE);
}

/* Of a mapped file only what was written belongs to the process. */
static void test_private_pages(void **state)
{
	enum { PAGES = 4, PAGE = 4096 };
	static const char zeros[PAGES * PAGE];
	struct ranges ranges = {0};
	int fd = file_of_bytes(zeros, sizeof(zeros));
	uint8_t *memory = mmap(NULL, sizeof(zeros), PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	addr_t start = (addr_t)(uintptr_t)memory;

	(void)state;
	for (unsigned i = 0; i < PAGES; i++)
		assert_int_equal(*(volatile uint8_t *)(memory + i * PAGE), 0);
	memory[2 * PAGE] = 1;
	ranges_add(&ranges, start, start + PAGES * PAGE);
	assert_success(pagemap_filter(getpid(), PAGEMAP_PRIVATE_PAGES, &ranges));
	assert_int_equal(ranges_bytes(&ranges), PAGE);
	assert_true(ranges_have(&ranges, start + 2 * PAGE));
	ranges_deinit(&ranges);
	munmap(memory, sizeof(zeros));
	close(fd);
}

/* A page map that ends early, or in the middle of an entry. */
static void test_short_page_map(void **state)
{
	enum { PAGE = 4096 };
	const uint64_t entries[3] = {(uint64_t)1 << 63, 0, (uint64_t)1 << 62 | (uint64_t)1 << 61};

	(void)state;
	for (size_t length = 0; length <= sizeof(entries); length++) {
		int fd = file_of_bytes(entries, length);
		struct ranges present = {0}, own = {0};

		ranges_add(&present, 0, 10 * PAGE);
		pagemap_filter_file(fd, PAGEMAP_PRESENT_PAGES, &present);
		assert_int_equal(ranges_bytes(&present) / PAGE, (length >= 8) + (length >= 24));
		ranges_add(&own, 0, 10 * PAGE);
		pagemap_filter_file(fd, PAGEMAP_PRIVATE_PAGES, &own);
		assert_int_equal(ranges_bytes(&own) / PAGE, length >= 8);
		ranges_deinit(&present);
		ranges_deinit(&own);
		close(fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_lines_that_are_none),
		cmocka_unit_test(test_own_mappings),
		cmocka_unit_test(test_own_auxiliary_vector),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_process_that_has_ended),
		cmocka_unit_test(test_no_descriptor_left),
		cmocka_unit_test(test_present_pages),
		cmocka_unit_test(test_private_pages),
		cmocka_unit_test(test_short_page_map),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
