#include "debug_file.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <zlib.h>

#include "debug_match.h"
#include "debuginfod.h"
#include "elf_parts.h"

#define DEBUG_DIRECTORY "/usr/lib/debug"

struct search {
	struct executable *executable;
	const char *root; /* put before every path: "" or /proc/PID/root */
	char *problem;    /* the first file that was there and did not belong */
};

/* A path inside of a root directory, without opening what it names: links that lie in the files of
 * a container must lead to its files, and devices do things when they are opened. Linux before 5.6
 * and strict seccomp filters have no openat2. */
static int find_path(const char *root, const char *path)
{
	const struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	_cleanup_close_ int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (directory < 0)
		return -1;
	int fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof(how));
	return fd < 0 && (errno == ENOSYS || errno == EPERM)
		       ? openat(directory, path + strspn(path, "/"), O_PATH | O_CLOEXEC)
		       : fd;
}

/* Opens a file that was found, if it is one that has contents. */
static int open_found(int found)
{
	_cleanup_free_ char *link = memory_format("/proc/self/fd/%d", found);
	struct stat status;

	return fstat(found, &status) == 0 && S_ISREG(status.st_mode)
		       ? open(link, O_RDONLY | O_CLOEXEC)
		       : -1;
}

/* The bytes of an ELF file are read or mapped when this returns: it needs its descriptor no more.
 */
static struct error *open_elf(int found, const char *path, Elf **ret)
{
	_cleanup_close_ int fd = open_found(found);

	elf_version(EV_CURRENT);
	Elf *elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (!elf || elf_kind(elf) != ELF_K_ELF || elf_cntl(elf, ELF_C_FDREAD) < 0) {
		elf_end(elf);
		return error_create(ERROR_FORMAT, "%s is not an ELF file", path);
	}
	*ret = elf;
	return NULL;
}

/* The checksum of .gnu_debuglink is the one of zlib, over the whole file. */
static bool has_checksum(Elf *elf, const GElf_Word *wanted)
{
	size_t length;
	const char *bytes = wanted ? elf_rawfile(elf, &length) : NULL;

	return bytes && crc32_z(0, (const Bytef *)bytes, length) == *wanted;
}

static bool has_names(Elf *elf)
{
	GElf_Shdr header;

	return elf_section_named(elf, ".symtab", &header) ||
	       elf_section_named(elf, ".debug_info", &header) ||
	       elf_section_named(elf, ".zdebug_info", &header);
}

/* `checksum`: what .gnu_debuglink demands, NULL when the file was not found by that. */
static struct error *use_file(
	struct executable *executable, int found, const char *path, const GElf_Word *checksum)
{
	Elf *elf;

	TRY(open_elf(found, path, &elf));
	bool same_checksum = has_checksum(elf, checksum);
	const char *difference =
		checksum && !same_checksum
			? "its checksum is not that of .gnu_debuglink"
			: debug_match_difference(executable->elf, elf, same_checksum);
	if (!difference && !has_names(elf))
		difference = "it has neither DWARF nor symbols";
	if (difference) {
		elf_end(elf);
		return error_create(ERROR_FORMAT, "%s does not belong to %s: %s", path,
			executable->path, difference);
	}
	executable_take_names(executable, elf, path);
	return NULL;
}

struct error *debug_file_use(struct executable *executable, const char *path)
{
	_cleanup_close_ int found = open(path, O_PATH | O_CLOEXEC);

	if (found < 0)
		return error_system("cannot open the debug file %s", path);
	return use_file(executable, found, path, NULL);
}

/* A path below the root that is searched, which is freed. Nothing there is no problem. */
static bool try_file(struct search *search, char *path, const GElf_Word *checksum)
{
	_cleanup_free_ char *below = path;
	_cleanup_free_ char *shown = memory_format("%s%s", search->root, path);
	_cleanup_close_ int found = find_path(*search->root ? search->root : "/", below);

	if (found < 0)
		return false;
	struct error *error = use_file(search->executable, found, shown, checksum);
	if (!error)
		return true;
	if (!search->problem)
		search->problem = memory_format("names are missing: %s", error->message);
	error_destroy(error);
	return false;
}

static bool try_build_id(struct search *search, const char *id)
{
	return *id &&
	       try_file(search,
		       memory_format(DEBUG_DIRECTORY "/.build-id/%.2s/%s.debug", id, id + 2), NULL);
}

/* The directory of the program in the root that is searched. */
static char *program_directory(const struct search *search)
{
	_cleanup_free_ char *real = *search->root ? NULL : realpath(search->executable->path, NULL);
	_cleanup_free_ char *path = memory_string(real ? real : search->executable->path);

	return memory_string(dirname(path));
}

static bool try_link(struct search *search)
{
	GElf_Word checksum;
	const char *name = dwelf_elf_gnu_debuglink(search->executable->elf, &checksum);
	_cleanup_free_ char *directory = program_directory(search);

	if (!name || !*name || strchr(name, '/'))
		return false;
	const char *const patterns[][2] = {{"", "/"}, {"", "/.debug/"}, {DEBUG_DIRECTORY, "/"}};
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		if (try_file(search,
			    memory_format(
				    "%s%s%s%s", patterns[i][0], directory, patterns[i][1], name),
			    &checksum))
			return true;
	}
	return false;
}

static bool try_server(struct search *search, char *id)
{
	char *problem = NULL, *path = debuginfod_find(id, &problem);

	if (!search->problem)
		search->problem = take_pointer(problem);
	free(problem);
	return path && try_file(search, path, NULL);
}

static bool search_root(struct search *search, const char *root, const char *id)
{
	search->root = root;
	return try_build_id(search, id) || try_link(search);
}

static bool is_same_file(const char *one, const char *other)
{
	struct stat first, second;

	return stat(one, &first) == 0 && stat(other, &second) == 0 &&
	       first.st_ino == second.st_ino && first.st_dev == second.st_dev;
}

/* Does the process see other files than we do? */
static bool has_own_root(pid_t pid, const char *root)
{
	_cleanup_free_ char *mounts = memory_format("/proc/%d/ns/mnt", pid);

	return !is_same_file(root, "/") || !is_same_file(mounts, "/proc/self/ns/mnt");
}

void debug_file_find(struct executable *executable, pid_t pid, char **ret_problem)
{
	struct search search = {.executable = executable};
	struct build_id build_id = elf_gnu_build_id(executable->elf);
	_cleanup_free_ char *id = build_id_hex(&build_id);
	_cleanup_free_ char *root = memory_format("/proc/%d/root", pid);

	if (executable->has_dwarf)
		return;
	if ((pid && has_own_root(pid, root) && search_root(&search, root, id)) ||
		search_root(&search, "", id) || try_server(&search, id)) {
		free(search.problem);
		return;
	}
	*ret_problem = search.problem;
}
