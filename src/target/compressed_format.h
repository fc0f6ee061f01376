/* Files compressed with zstd in frames that can be read each on its own.
 *
 * Frame follows frame, each with a checksum; the last is a skippable frame with the sizes of the
 * others: {packed u32, plain u32[, checksum u32]} for each, then their number u32, flags u8, magic
 * u32. zstd reads it like any other of its files.
 * Source: zstd, contrib/seekable_format/zstd_seekable_compression_format.md.
 */
#pragma once

#include <stdint.h>

#define SEEK_TABLE_SKIPPABLE 0x184d2a5eu /* magic of the last frame */
#define SEEK_TABLE_MAGIC     0x8f92eab1u /* and of the end of the file */

enum {
	SEEK_TABLE_HEADER = 8, /* bytes: magic, length of the rest */
	SEEK_TABLE_FOOTER = 9,
	SEEK_TABLE_ENTRY = 8,
	SEEK_TABLE_CHECKSUM = 4,        /* behind each entry, when the flag is set */
	SEEK_TABLE_HAS_CHECKSUMS = 128, /* in the flags */
	SEEK_TABLE_RESERVED = 124,      /* flags that must be 0 */
	SEEK_TABLE_MAX_FRAMES = 1 << 27,
};
