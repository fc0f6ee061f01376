#include "buildinfo.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct buildinfo info;

	if (buildinfo_search(bytes, length, &info)) {
		free(info.version);
		free(info.main_path);
	}
	return 0;
}
