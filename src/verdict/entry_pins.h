/* What one entry of a map keeps alive beside itself, and by which field.
 *
 * An entry is followed from field to field as long as one of them keeps nine tenths of it alive,
 * until something is met that was not made to stay:
 *
 * - PIN_REQUEST: what belongs to one request (http.Request, a context, the Context of a router),
 *   and that nothing but the entry refers to: no goroutine, so the request is over. In a table of
 *   requests that are being served, the goroutines that serve them refer to them as well.
 * - PIN_SOURCE: a tree of objects that fields of the entry were taken from: strings beside it are
 *   strings inside of it, the same bytes at the same address.
 * - PIN_ARRAY: an array of which the entry is one element.
 */
#pragma once

#include "analysis.h"

enum pin_kind { PIN_NONE, PIN_REQUEST, PIN_SOURCE, PIN_ARRAY };

struct pin {
	enum pin_kind kind;
	uint64_t way;         /* equal for entries of a map that lead to it by the same fields */
	node_t node;          /* what is kept */
	uint64_t bytes;       /* that it keeps alive */
	uint64_t entry_bytes; /* of the entry: an element of the array, else all of it */
	uint64_t kept_bytes;  /* that the element of an array alone keeps alive */
	const struct go_type *type; /* of the object */
};

/* Looking for the strings of entries in trees is the dear part: it ends when so many objects were
 * looked at, and is left out for what was found in other entries of the map (`known`, may be NULL):
 * what gets there by the same fields is the same. */
struct pin_search {
	const struct analysis *analysis;
	uint64_t objects_left;
	const struct pin *known;
};

/* What the entry with its element at an address pins; `elem`: the type of elements of the map. */
struct pin entry_pin(struct pin_search *search, const struct go_type *elem, addr_t address);
