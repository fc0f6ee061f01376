/* Control groups and the room for a capture: files made by hand in a directory that stands for /.
 */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture_room.h"
#include "memory.h"

enum { PID = 42, MB = 1 << 20 };

#define NO_LIMIT_V1 "9223372036854771712"

struct root {
	char path[64];
};

static void make_root(struct root *root)
{
	snprintf(root->path, sizeof(root->path), "/tmp/silt-cgroup-XXXXXX");
	assert_non_null(mkdtemp(root->path));
}

static void remove_root(const struct root *root)
{
	_cleanup_free_ char *command = memory_format("rm -r %s", root->path);

	assert_int_equal(system(command), 0);
}

/* With the directories that it is in. */
static void write_file(const struct root *root, const char *name, const char *text)
{
	_cleanup_free_ char *path = memory_format("%s/%s", root->path, name);

	for (char *slash = strchr(path + strlen(root->path) + 1, '/'); slash;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	_cleanup_file_ FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
}

static void write_number(const struct root *root, const char *name, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)number);
	write_file(root, name, text);
}

static struct cgroup_room room_of(const struct root *root)
{
	struct cgroup_room room;

	cgroup_room(root->path, PID, &room);
	return room;
}

static void make_root_of_version_2(struct root *root)
{
	make_root(root);
	write_file(root, "proc/42/cgroup", "0::/pod/app\n");
	write_file(root, "proc/self/mountinfo",
		"30 20 0:29 / /sys/fs/cgroup rw,relatime shared:4 - cgroup2 cgroup2 rw\n");
}

/* The narrowest of all groups counts, and files that were not used lately do not. */
static void test_version_2(void **state)
{
	struct root root;

	(void)state;
	make_root_of_version_2(&root);
	assert_true(room_of(&root).memory == CGROUP_NO_LIMIT);
	write_number(&root, "sys/fs/cgroup/pod/app/memory.max", 100 * MB);
	write_number(&root, "sys/fs/cgroup/pod/app/memory.current", 70 * MB);
	write_file(&root, "sys/fs/cgroup/pod/app/memory.high", "max\n");
	assert_true(room_of(&root).memory == 30 * MB);
	write_file(&root, "sys/fs/cgroup/pod/app/memory.stat",
		"anon 1\ninactive_file 10485760\nactive_file 5\n");
	assert_true(room_of(&root).memory == 40 * MB);
	write_number(&root, "sys/fs/cgroup/pod/app/memory.high", 80 * MB);
	assert_true(room_of(&root).memory == 20 * MB);
	write_number(&root, "sys/fs/cgroup/pod/memory.max", 200 * MB);
	write_number(&root, "sys/fs/cgroup/pod/memory.current", 195 * MB);
	assert_true(room_of(&root).memory == 5 * MB);
	write_number(&root, "sys/fs/cgroup/pod/memory.current", 201 * MB);
	assert_true(room_of(&root).memory == 0);
	assert_true(room_of(&root).tasks == CGROUP_NO_LIMIT);
	write_number(&root, "sys/fs/cgroup/pod/pids.max", 10);
	write_number(&root, "sys/fs/cgroup/pod/pids.current", 8);
	assert_true(room_of(&root).tasks == 2);
	remove_root(&root);
}

static void test_frozen(void **state)
{
	struct root root;

	(void)state;
	make_root_of_version_2(&root);
	assert_false(room_of(&root).frozen);
	write_file(&root, "sys/fs/cgroup/pod/app/cgroup.events", "populated 1\nfrozen 0\n");
	assert_false(room_of(&root).frozen);
	write_file(&root, "sys/fs/cgroup/pod/cgroup.events", "populated 1\nfrozen 1\n");
	assert_true(room_of(&root).frozen);
	remove_root(&root);
}

static void test_version_1(void **state)
{
	struct root root;

	(void)state;
	make_root(&root);
	write_file(&root, "proc/42/cgroup",
		"9:name=systemd:/other\n8:pids:/pod\n4:memory:/pod\n0::/\n");
	write_file(&root, "proc/self/mountinfo",
		"35 31 0:32 / /cg/memory rw,relatime - cgroup cgroup rw,memory\n"
		"39 31 0:36 / /cg/pids rw,relatime - cgroup cgroup rw,pids\n");
	write_file(&root, "cg/memory/memory.limit_in_bytes", NO_LIMIT_V1 "\n");
	write_number(&root, "cg/memory/memory.usage_in_bytes", 500 * MB);
	write_number(&root, "cg/memory/pod/memory.limit_in_bytes", 64 * MB);
	write_number(&root, "cg/memory/pod/memory.usage_in_bytes", 60 * MB);
	write_file(&root, "cg/memory/pod/memory.stat",
		"inactive_file 4096\ntotal_inactive_file 1048576\n");
	write_number(&root, "cg/pids/pod/pids.max", 5);
	write_number(&root, "cg/pids/pod/pids.current", 5);
	assert_true(room_of(&root).memory == 5 * MB);
	assert_true(room_of(&root).tasks == 0);
	remove_root(&root);
}

/* A container has only its own group mounted, and another process's may not be below it. */
static void test_container(void **state)
{
	static const char mount[] = "30 20 0:29 /kube/pod1 /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
	struct root root;

	(void)state;
	make_root(&root);
	write_file(&root, "proc/42/cgroup", "0::/kube/pod1/app\n");
	write_file(&root, "proc/42/mountinfo", mount);
	write_number(&root, "proc/42/root/sys/fs/cgroup/app/memory.max", 8 * MB);
	write_number(&root, "proc/42/root/sys/fs/cgroup/app/memory.current", 5 * MB);
	assert_true(room_of(&root).memory == 3 * MB);
	write_file(&root, "proc/42/cgroup", "0::/kube/pod10/app\n");
	assert_true(room_of(&root).memory == CGROUP_NO_LIMIT);
	write_file(&root, "proc/42/cgroup", "0::/kube/pod1/../../app\n");
	assert_true(room_of(&root).memory == CGROUP_NO_LIMIT);
	remove_root(&root);
}

/* Lines and numbers that are none. */
static void test_nonsense(void **state)
{
	struct root root;

	(void)state;
	make_root(&root);
	assert_true(room_of(&root).memory == CGROUP_NO_LIMIT);
	write_file(&root, "proc/42/cgroup", "\n0\n0:\n::\n0::/a\n7:memory\n");
	write_file(&root, "proc/self/mountinfo",
		"\n - \n1 2 3 / /cg rw\n1 2 3 / /cg rw - cgroup2\n1 2 3 / /cg rw - cgroup2 x rw\n");
	write_file(&root, "cg/a/memory.max", "-\n");
	write_file(&root, "cg/a/memory.current", "");
	assert_true(room_of(&root).memory == CGROUP_NO_LIMIT);
	write_number(&root, "cg/a/memory.max", 2 * MB);
	write_number(&root, "cg/a/memory.current", MB);
	assert_true(room_of(&root).memory == MB);
	remove_root(&root);
}

static struct capture_room machine(const struct root *root)
{
	struct capture_room room;

	capture_room(root->path, PID, &room);
	return room;
}

static void test_machine(void **state)
{
	struct root root;

	(void)state;
	make_root(&root);
	write_file(&root, "proc/meminfo",
		"MemTotal: 9 kB\nMemAvailable:   2048 kB\nCommitLimit: 300 kB\nCommitted_AS: 100 kB\n");
	write_file(&root, "proc/sys/vm/overcommit_memory", "0\n");
	assert_true(machine(&root).machine == 2 * MB);
	assert_true(machine(&root).commit == UINT64_MAX);
	write_file(&root, "proc/sys/vm/overcommit_memory", "2\n");
	assert_true(machine(&root).commit == 200 << 10);
	remove_root(&root);
}

static void check_refusal(char *refusal, const char *word)
{
	if (word)
		assert_non_null(strstr(refusal, word));
	else
		assert_null(refusal);
	free(refusal);
}

/* This process stands for the target. */
static void test_refusals(void **state)
{
	const struct capture_room plenty = {
		{CGROUP_NO_LIMIT, CGROUP_NO_LIMIT}, UINT64_MAX, UINT64_MAX};
	_cleanup_(cleanup_target) struct target *target = target_create(TARGET_PROCESS);
	struct capture_room room = plenty;

	(void)state;
	target->pid = getpid();
	vec_push(&target->mappings, {.end = (addr_t)1 << 30,
					    .protection = PROTECTION_READ | PROTECTION_WRITE,
					    .path = memory_string("")});
	check_refusal(fork_room_refusal(target, &room), NULL);
	check_refusal(precopy_room_refusal(target, &room), NULL);
	room.group.tasks = 0;
	check_refusal(fork_room_refusal(target, &room), "pids.max");
	check_refusal(precopy_room_refusal(target, &room), NULL);
	room = plenty;
	room.group.memory = 1;
	check_refusal(fork_room_refusal(target, &room), "memory.max");
	check_refusal(precopy_room_refusal(target, &room), "memory.max");
	room = plenty;
	room.machine = 1;
	check_refusal(fork_room_refusal(target, &room), "the machine");
	room = plenty;
	room.commit = 1;
	check_refusal(fork_room_refusal(target, &room), "overcommit");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_version_2),
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_version_1),
		cmocka_unit_test(test_container),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
