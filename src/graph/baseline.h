/* What stays of an earlier snapshot when a later one of the same process is analysed: which slots
 * held what, sums by holder and type, goroutines, members of maps. The graph is gone; the memory of
 * the snapshot can still be read.
 *
 * Objects of Go do not move, so a slot (its address, the size of its span) is what both snapshots
 * can be compared by.
 */
#pragma once

#include "analysis.h"
#include "census.h"

/* Of a type or of a holder. */
struct baseline_sum {
	uint64_t objects;
	uint64_t bytes;
};

struct baseline_sums {
	struct addrmap places; /* key -> place in list */
	VEC(struct baseline_sum) list;
};

/* Where the stack of a goroutine was in use. */
struct baseline_goroutine {
	uint64_t goid;
	addr_t sp;
	addr_t stack_high;
};

struct baseline {
	struct program *program;
	struct heap *heap;
	uint64_t *alive;     /* bits of slots, as heap->allocated */
	otype_t *type_of;    /* by object of `heap` */
	uint16_t *holder_of; /* by object of `heap` that is alive: its place in `holders` */
	uint64_t *type_keys; /* by object type: baseline_type_key() */
	struct heap_figures figures;
	struct capture_facts capture;
	struct baseline_sums types;   /* by baseline_type_key() */
	struct baseline_sums holders; /* by key of a row (holder_rows.h) */
	struct addrmap goids;         /* goid -> place in goroutines */
	VEC(struct baseline_goroutine) goroutines;
	struct addrmap groups; /* hash of a group -> its goroutines */
	struct census census;
};

/* Takes what is needed, and destroys the analysis. `maps` are those of the analysis. */
struct error *baseline_take(
	struct analysis *analysis, const struct map_list *maps, struct baseline **ret);
void baseline_destroy(struct baseline *baseline);
DEFINE_CLEANUP(baseline)

/* Frees what is needed to compare objects; sums and census stay. */
void baseline_forget_objects(struct baseline *baseline);

/* The same for types of one name, in every snapshot. Never 0. */
uint64_t baseline_type_key(const char *name);

/* Of all object types of a snapshot. The caller frees. */
uint64_t *baseline_type_keys(const struct analysis *analysis);

/* Zeros when there was none of the key. */
struct baseline_sum baseline_sum_of(const struct baseline_sums *sums, uint64_t key);
