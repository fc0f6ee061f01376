/* Lists of address ranges [start, end). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "address.h"
#include "vec.h"

struct range {
	addr_t start;
	addr_t end;
};

struct ranges {
	VEC(struct range) list;
};

/* Ignored when it is empty. */
void ranges_add(struct ranges *ranges, addr_t start, addr_t end);

/* All of the pages that it is in. */
void ranges_add_pages(struct ranges *ranges, addr_t start, addr_t end);

/* As ranges_add, but joined with the one that was added last when it follows it. */
void ranges_extend(struct ranges *ranges, addr_t start, addr_t end);

/* Sorts, and joins what touches or overlaps. */
void ranges_normalise(struct ranges *ranges);

/* Takes [start, end) out of a normalised list. */
void ranges_remove(struct ranges *ranges, addr_t start, addr_t end);

/* Takes the one list out of the other; both sorted and disjoint. */
void ranges_subtract(struct ranges *ranges, const struct ranges *others);

/* Appends what is in both; both normalised. */
void ranges_intersect(const struct ranges *left, const struct ranges *right, struct ranges *ret);

/* Is the address in a normalised list? */
bool ranges_have(const struct ranges *ranges, addr_t address);

/* Is a part of the range in a normalised list? */
bool ranges_overlap(const struct ranges *ranges, const struct range *range);

uint64_t ranges_bytes(const struct ranges *ranges);

void ranges_deinit(struct ranges *ranges);
