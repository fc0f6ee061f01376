// Vforks has a thread that sleeps nearly always where no signal reaches it: its child has not become another
// program yet (vfork(2)). It prints READY, and answers each line with the same.
package main

/*
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_LIVES_US = 300000 };

static void vfork_again_and_again(void)
{
	for (;;) {
		pid_t child = vfork();

		if (child == 0) {
			usleep(CHILD_LIVES_US);
			_exit(0);
		}
		waitpid(child, NULL, 0);
	}
}
*/
import "C"

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	go C.vfork_again_and_again()
	fmt.Println("READY")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println(lines.Text())
	}
}
