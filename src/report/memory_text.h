/* Where resident memory goes, as a line of the report and as JSON. */
#pragma once

#include "memory_account.h"
#include "view.h"

/* Adds `memory` to the document, and a line where the kernel's figures are known. */
void memory_text_add(struct view *view, const struct memory_account *account);
