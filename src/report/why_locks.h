/* Who has what a goroutine waits for, and who waits for what it has, as far as frames tell it. */
#pragma once

#include "goroutine_verdicts.h"
#include "why.h"

void why_locks_add(struct why *why, const struct goroutine_verdicts *verdicts, uint32_t goroutine);
