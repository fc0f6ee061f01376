/* The spool: copies of this process's own memory, by random calls, against what each page held when
 * it was copied last. */
#include "check.h"

#include <sys/mman.h>
#include <unistd.h>

#include "core_format.h"
#include "random.h"
#include "spool.h"

enum { PAGES = 64, STEPS = 200, SEEDS = 20, SMALL_HOLD = 5 * OS_PAGE };

struct model {
	uint8_t *memory;
	int copied[PAGES]; /* the byte that the page held, or -1: not copied, or forgotten */
};

static addr_t address_of(const struct model *model, unsigned page)
{
	return (addr_t)(uintptr_t)(model->memory + (size_t)page * OS_PAGE);
}

static void choose_pages(
	struct random *random, const struct model *model, bool *chosen, struct ranges *ret)
{
	for (unsigned page = 0; page < PAGES; page++) {
		chosen[page] = random_below(random, 4) == 0;
		if (chosen[page])
			ranges_add(ret, address_of(model, page), address_of(model, page) + OS_PAGE);
	}
	ranges_normalise(ret);
}

static void check_contents(const struct spool *spool, const struct model *model)
{
	struct placements there = {0};
	struct ranges all = {0}, missing = {0};
	uint64_t bytes = 0;

	spool_contents(spool, &there);
	vec_foreach (part, &there.list) {
		for (addr_t at = part->start; at < part->end; at += OS_PAGE) {
			unsigned page = (unsigned)((at - address_of(model, 0)) / OS_PAGE);
			uint8_t held;

			assert_int_equal(pread(spool->fd, &held, 1,
						 (off_t)(part->offset + (at - part->start))),
				1);
			assert_int_equal(held, model->copied[page]);
			bytes += OS_PAGE;
		}
	}
	ranges_add(&all, address_of(model, 0), address_of(model, PAGES));
	spool_missing(spool, &all, &missing);
	assert_int_equal(bytes + ranges_bytes(&missing), (uint64_t)PAGES * OS_PAGE);
	for (unsigned page = 0; page < PAGES; page++)
		assert_int_equal(
			ranges_have(&missing, address_of(model, page)), model->copied[page] < 0);
	vec_deinit(&there.list);
	ranges_deinit(&all);
	ranges_deinit(&missing);
}

/* What is read back of two pages is there if both are. */
static void check_reading(const struct spool *spool, const struct model *model)
{
	uint8_t bytes[2 * OS_PAGE];

	for (unsigned page = 0; page + 1 < PAGES; page++) {
		const struct range range = {
			address_of(model, page) + 1, address_of(model, page + 1) + 1};
		bool there = spool_read(spool, &range, bytes);

		assert_int_equal(there, model->copied[page] >= 0 && model->copied[page + 1] >= 0);
		if (there)
			assert_int_equal(bytes[OS_PAGE - 1], model->copied[page + 1]);
	}
}

/* Keeps the chosen pages alone. */
static void keep_some(struct random *random, struct spool *spool, struct model *model)
{
	struct ranges ranges = {0};
	bool chosen[PAGES];

	choose_pages(random, model, chosen, &ranges);
	for (unsigned page = 0; page < PAGES; page++) {
		if (!chosen[page])
			model->copied[page] = -1;
	}
	spool_keep(spool, &ranges);
	ranges_deinit(&ranges);
}

/* Writes to the chosen pages, and copies them or forgets them. */
static void take_step(struct random *random, struct spool *spool, struct model *model)
{
	const struct memory_source source = {.pid = getpid(), .mem = -1, .workers = 2};
	struct ranges ranges = {0};
	bool chosen[PAGES], forget = random_below(random, 2) == 0;

	choose_pages(random, model, chosen, &ranges);
	for (unsigned page = 0; page < PAGES; page++) {
		if (!chosen[page])
			continue;
		uint8_t value = (uint8_t)random_below(random, 256);

		model->memory[(size_t)page * OS_PAGE] = value;
		model->copied[page] = forget ? -1 : value;
	}
	if (forget)
		spool_forget(spool, &ranges);
	else
		assert_success(spool_copy(spool, &source, &ranges));
	ranges_deinit(&ranges);
}

static void check_erased(const struct spool *spool, const struct model *model)
{
	assert_success(spool_erase_forgotten(spool));
	vec_foreach (placement, &spool->placements) {
		for (addr_t at = placement->start; at < placement->end; at += OS_PAGE) {
			unsigned page = (unsigned)((at - address_of(model, 0)) / OS_PAGE);
			uint8_t held = 1;

			assert_true(
				pread(spool->fd, &held, 1,
					(off_t)(placement->offset + (at - placement->start))) >= 0);
			assert_int_equal(held, model->copied[page] < 0 ? 0 : model->copied[page]);
		}
	}
	check_contents(spool, model);
}

static void run_steps(uint64_t seed)
{
	struct random random = random_from(seed);
	struct model model = {.memory = mmap(NULL, (size_t)PAGES * OS_PAGE, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)};
	int fd = memfd_create("spool", MFD_CLOEXEC);
	struct spool spool;

	memset(model.copied, 0xff, sizeof(model.copied));
	spool_init(&spool, fd);
	for (unsigned step = 0; step < STEPS; step++)
		take_step(&random, &spool, &model);
	check_contents(&spool, &model);
	assert_success(spool_reserve(&spool, SMALL_HOLD)); /* less than one step copies */
	spool_hold(&spool);
	take_step(&random, &spool, &model);
	assert_success(spool_flush(&spool));
	check_contents(&spool, &model);
	check_reading(&spool, &model);
	keep_some(&random, &spool, &model);
	check_contents(&spool, &model);
	check_erased(&spool, &model);
	spool_deinit(&spool);
	munmap(model.memory, (size_t)PAGES * OS_PAGE);
	close(fd);
}

static void test_spool(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < SEEDS; seed++)
		run_steps(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
