/* Slices in package variables, in programs that do not say the types of variables.
 *
 * Three words of data or bss are taken for a slice when only the first is a pointer (by the
 * module's mask), the length is not above the capacity, and the array lies in a slot of the size
 * that so many elements of one size get. Of the program's types of that size and with pointers at
 * those places the one is taken that all elements agree with, if it is confirmed clearly better
 * than the others. Of functions it is not known what they take: their type is called "func(...)".
 */
#pragma once

#include "shapes.h"
#include "spread.h"

void guess_slices(struct spread *spread, struct shapes *shapes);
