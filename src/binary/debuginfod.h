/* Debug information from the servers that DEBUGINFOD_URLS names.
 *
 * It is asked for by debuginfod-find, the client of elfutils: so the network and its libraries stay
 * outside of this process, and the static build can do it as well. The client keeps what it gets in
 * a cache of its own. Unless DEBUGINFOD_TIMEOUT and DEBUGINFOD_MAXTIME say otherwise
 * (debuginfod-find(1)) a server that does not answer is given up after 5 s.
 */
#pragma once

/* The path of the file for a GNU build id in hexadecimal, malloc()ed, or NULL: there is none, or
 * nobody to ask. When there are servers but no client, ret_problem says so (malloc()ed). */
char *debuginfod_find(char *build_id, char **ret_problem);
