#include "human.h"

#include <inttypes.h>
#include <stdio.h>

#include "memory.h"

/* Three significant digits of a number from 1 to 999.5. */
static char *three_digits(double value, const char *unit)
{
	int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;

	return memory_format("%.*f %s", decimals, value, unit);
}

static char *scaled(uint64_t number, const char *const *units, unsigned count)
{
	double value = (double)number;
	unsigned unit = 0;

	while (value >= 999.5 && unit + 1 < count) {
		value /= 1000;
		unit++;
	}
	return three_digits(value, units[unit]);
}

char *human_bytes(uint64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};

	if (bytes < 1000)
		return memory_format("%" PRIu64 " B", bytes);
	return scaled(bytes, units, ARRAY_SIZE(units));
}

char *human_rough_count(uint64_t count)
{
	static const char *const units[] = {"", "k", "M", "G"};

	if (count < 1000)
		return memory_format("%" PRIu64, count);
	return scaled(count, units, ARRAY_SIZE(units));
}

char *human_count(uint64_t count)
{
	char digits[32], grouped[48], *to = grouped;
	int length = snprintf(digits, sizeof(digits), "%" PRIu64, count);

	for (int i = 0; i < length; i++) {
		if (i && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return memory_string(grouped);
}

/* Units end where rounding would show 1000.0 of them, or 60.0 s. */
enum {
	MICROSECONDS_END = 999950,
	MILLISECONDS_END = 999950000,
};
#define SECONDS_END 59950000000ull

char *human_duration(uint64_t ns)
{
	uint64_t seconds = ns / 1000000000u;

	if (ns < 1000)
		return memory_format("%" PRIu64 " ns", ns);
	if (ns < MICROSECONDS_END)
		return memory_format("%.1f us", (double)ns / 1e3);
	if (ns < MILLISECONDS_END)
		return memory_format("%.1f ms", (double)ns / 1e6);
	if (ns < SECONDS_END)
		return memory_format("%.1f s", (double)ns / 1e9);
	seconds = MAX(seconds, 60u);
	if (seconds < 3600)
		return memory_format("%" PRIu64 "m %" PRIu64 "s", seconds / 60, seconds % 60);
	if (seconds < 86400)
		return memory_format(
			"%" PRIu64 "h %" PRIu64 "m", seconds / 3600, seconds % 3600 / 60);
	return memory_format("%" PRIu64 "d %" PRIu64 "h", seconds / 86400, seconds % 86400 / 3600);
}

char *human_percent(uint64_t part, uint64_t whole)
{
	double percent = whole ? 100.0 * (double)part / (double)whole : 0;

	if (whole && part == whole)
		return memory_string("100 %");
	if (percent > 99.9)
		percent = part < whole ? 99.9 : 100.0;
	return memory_format("%.1f %%", percent);
}
