/* Types by name: for programs without DWARF, where a function's name is all that tells a type. */
#pragma once

#include "gotype.h"

struct type_names;

struct type_names *type_names_create(struct types *types);
void type_names_destroy(struct type_names *names);

/* The type T of a method's name, "path/pkg.(*T).Method"; NULL: it is no such name, or the type is
 * not in the program, or the name is not clear. */
const struct go_type *type_names_receiver(struct type_names *names, const char *function);
