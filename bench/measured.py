"""A command run to its end, with the time it took and the memory it needed."""
import os
import subprocess
import tempfile
import threading
import time

SAMPLE_SECONDS = 0.01
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
RESIDENT = 1  # field of /proc/PID/statm, in pages
KIB = 1024


def children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return [int(child) for child in file.read().split()]


def resident_bytes(pid):
    """Resident memory of a process and of its children, 0 when it has ended."""
    try:
        with open("/proc/%d/statm" % pid) as file:
            pages = int(file.read().split()[RESIDENT])
        return pages * PAGE_BYTES + sum(map(resident_bytes, children(pid)))
    except OSError:
        return 0


class Sampler:
    """Looks at the resident memory of a process and its children until it is stopped."""

    def __init__(self, pid):
        self.pid, self.largest, self.over = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self.sample)
        self.thread.start()

    def sample(self):
        while not self.over.wait(SAMPLE_SECONDS):
            self.largest = max(self.largest, resident_bytes(self.pid))

    def stop(self):
        self.over.set()
        self.thread.join()
        return self.largest


class Measured:
    """stdout, exit status, elapsed seconds; and two figures of memory in bytes:

    largest_process  the largest of the process and the children that it waited for (ru_maxrss of wait4)
    together         the largest sum of the process and its children at one time, by looking every 10 ms;
                     never less than largest_process, which sees what happens between two looks
    """

    def __init__(self, arguments):
        with tempfile.TemporaryFile("w+") as stdout:
            start = time.monotonic()
            process = subprocess.Popen(list(map(str, arguments)), stdout=stdout)
            sampler = Sampler(process.pid)
            _, status, usage = os.wait4(process.pid, 0)
            self.seconds = time.monotonic() - start
            process.returncode = self.status = os.waitstatus_to_exitcode(status)
            sampled = sampler.stop()
            stdout.seek(0)
            self.stdout = stdout.read()
        self.largest_process = usage.ru_maxrss * KIB
        self.together = max(sampled, self.largest_process)
