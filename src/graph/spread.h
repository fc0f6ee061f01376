/* Types spread from an object to those that it refers to.
 *
 * Objects that have got a type and are not scanned yet wait in a set of bits; spans with such
 * objects wait in a queue, so that a span's memory is visited once for many of them.
 */
#pragma once

#include "typing.h"

struct spread;

struct error *spread_create(struct typing *typing, struct spread **ret);
void spread_destroy(struct spread *spread);

/* Goes on until nothing waits. */
void spread_run(struct spread *spread);

struct typing *spread_typing(struct spread *spread);

/* The pointer `to` leads to a value, array, ... of an object type. Believed when the slot agrees.
 * `units`: how many values an array has at least; 0: it does not say. Returns whether it is typed
 * so. */
bool spread_target(struct spread *spread, addr_t to, otype_t type, uint64_t units);

/* Scans memory that is no object (a variable, a local) as a value of a type. `bytes` is of
 * `length`; references that lie outside of it are left out. */
void spread_value(
	struct spread *spread, const struct go_type *type, const uint8_t *bytes, uint64_t length);

/* An interface whose first word is `word`, and whose data word is `data`. */
void spread_interface(struct spread *spread, addr_t word, addr_t data);

/* A function value. */
void spread_closure(struct spread *spread, addr_t closure);

/* Could the word be the first of an interface? Quick. */
bool spread_is_interface_word(struct spread *spread, addr_t word);

/* Scans an object once more, because more is known of its type. */
void spread_again(struct spread *spread, const struct span *span, uint32_t slot);

/* How many objects have got a type. */
uint64_t spread_typed_count(const struct spread *spread);
