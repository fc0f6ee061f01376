/* Values in interfaces that have memory of their own: boxes.
 *
 * An interface holds pointers, maps, channels and functions itself; of any other value it holds the
 * address, and the value is allocated (runtime/iface.go, convT64 and others) unless it is a
 * constant or smaller than 256. So a []interface{} of numbers takes three times what the numbers
 * do. What is counted here are interfaces without methods: where there are methods, the interface
 * is there for them.
 */
#pragma once

#include "value_walk.h"

/* The values of one type at a place. */
struct box_count {
	addr_t word; /* of the interface: the type */
	uint64_t values;
	uint64_t boxes; /* of them, in the heap */
};

struct place_boxes {
	uint64_t values; /* interfaces that are not nil */
	VEC(struct box_count) types;
};

struct boxes {
	const struct analysis *analysis;
	const struct value_places *places;
	struct place_boxes *of; /* by worker and place; after boxes_merge() by place */
};

struct boxes *boxes_create(const struct analysis *analysis, const struct value_places *places);
void boxes_destroy(struct boxes *boxes);

/* What it wants to see of a walk. */
struct value_visitor boxes_visitor(struct boxes *boxes);

/* Adds up what the workers counted, after the walk. */
void boxes_merge(struct boxes *boxes);

/* The boxes of one place and type, each looked at. */
struct boxed {
	uint64_t containers;  /* objects that the interfaces are in */
	node_t largest;       /* of them; NO_NODE: there are none */
	node_t example;       /* a box */
	uint64_t bytes;       /* of the slots that the boxes are in, each counted once */
	uint64_t frees_bytes; /* of them, to which nothing else refers */
};

struct error *boxes_look_at(
	const struct boxes *boxes, uint32_t place, addr_t word, struct boxed *ret);
