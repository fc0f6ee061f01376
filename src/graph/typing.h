/* Finding the type of every object.
 *
 * The runtime records types only for some objects (in front of large ones, beside interfaces, in
 * channels). From those, and from variables and locals where there is DWARF, types spread along the
 * references: a field says what it points to. Every guess is checked against the slot: its size
 * class, whether it may hold pointers, and which of its words are pointers; what does not fit is
 * not believed. The first type that fits stays. The order is fixed, so the same memory gives the
 * same types.
 *
 * Runs on one thread.
 */
#pragma once

#include "object_types.h"
#include "pointer_map.h"
#include "program.h"

struct typing {
	const struct program *program;
	const struct heap *heap;
	struct pointer_maps *maps;
	struct types types;
	struct object_types object_types;
	otype_t *of; /* by object */
};

struct error *typing_create(const struct program *program, const struct heap *heap,
	struct pointer_maps *maps, struct typing **ret);
void typing_destroy(struct typing *typing);
DEFINE_CLEANUP(typing)

/* Finds the types. */
struct error *typing_run(struct typing *typing);

/* The name of an object's type: "unknown" when it has none. */
static inline const char *typing_name(const struct typing *typing, object_t object)
{
	return object_type_at(&typing->object_types, typing->of[object])->name;
}
