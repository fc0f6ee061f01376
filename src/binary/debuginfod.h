/* Debug information from the servers that DEBUGINFOD_URLS names.
 *
 * It is asked for by debuginfod-find, the client of elfutils: so the network and its libraries stay
 * outside of this process, and the static build can do it as well. The client keeps what it gets in
 * a cache of its own, and the environment tells it how long to wait (debuginfod-find(1)).
 */
#pragma once

/* The path of the file for a GNU build id in hexadecimal, malloc()ed, or NULL: there is none, or
 * nobody to ask. When there are servers but no client, ret_problem says so (malloc()ed). */
char *debuginfod_find(char *build_id, char **ret_problem);
