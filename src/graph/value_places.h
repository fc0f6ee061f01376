/* Where values are: every string, slice, interface and uintptr in the types of a heap, by its
 * offset.
 *
 * A place belongs to an object type or to a package variable whose type is known; places are
 * numbered. Values in arrays of arrays that are not written out in a scan plan have none.
 *
 * Frozen after value_places_find(); any thread may read it.
 */
#pragma once

#include "analysis.h"
#include "naming.h"

struct value_place {
	enum scan_action action;    /* SCAN_STRING, SCAN_SLICE, SCAN_INTERFACE or SCAN_WORD */
	otype_t owner;              /* the object type that it is in; NO_TYPE: a variable */
	uint32_t variable;          /* of variables: its place in objects->variables */
	uint32_t offset;            /* bytes, in a value of the type */
	uint32_t count, stride;     /* so many of them, `stride` bytes apart */
	const struct go_type *type; /* of the elements of a slice; of an interface */
};

/* Places that belong together: [first, end) of the list. */
struct place_range {
	uint32_t first, end;
};

struct value_places {
	VEC(struct value_place) list;
	VEC(struct place_range) of_type;     /* by object type */
	VEC(struct place_range) of_variable; /* by variable */
};

/* Looks up types, so it must be called while nobody else does. */
void value_places_find(const struct analysis *analysis, struct value_places *ret);
void value_places_deinit(struct value_places *places);

/* "main.User.Country", "[]interface {}", "map[string]string key". The caller's to free(). */
char *value_place_text(
	const struct analysis *analysis, struct naming *naming, const struct value_place *place);

/* The runtime's own are as it wants them. */
bool value_place_is_of_runtime(const struct analysis *analysis, const struct value_place *place);

/* What a value is in, as a reader knows it: of a part of a map the map, else `owner` itself. */
node_t value_place_container(
	const struct analysis *analysis, const struct value_place *place, node_t owner);
