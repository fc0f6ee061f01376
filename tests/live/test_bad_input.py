"""What cannot be read: one line says what is wrong, the target is unharmed, and no file is left half-written."""
import contextlib
import ctypes
import errno
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import stat
import struct
import subprocess
import time

import pytest

from programs import Go, Process

USAGE, UNREADABLE = 2, 3
KILLS, KILLS_LONG, STOPS = 30, 300, 20
NOBODY = 65534
E_MACHINE_AT, EM_RISCV = 18, 243  # elf.h
PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17  # sys/ptrace.h

# linux/prctl.h, linux/seccomp.h, linux/filter.h, asm/unistd_64.h
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SECCOMP_MODE_FILTER, SECCOMP_RET_ERRNO, SECCOMP_RET_ALLOW = 2, 0x00050000, 0x7fff0000
BPF_LD_W_ABS, BPF_JEQ_K, BPF_RET_K = 0x20, 0x15, 0x06
SYS_PROCESS_VM_READV = 310


def refused(done, *words, status=UNREADABLE):
    """One line that says what is wrong, and nothing else. After an error in the command line itself, a second
    line names its help (argp(3))."""
    lines = done.stderr.splitlines()
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    if status == USAGE and len(lines) == 2:
        assert lines.pop().startswith("Try `silt ")
    assert len(lines) == 1 and lines[0].startswith("silt"), done.stderr
    for word in words:
        assert word in lines[0]


def unharmed(process):
    assert process.status("State") in "RS"
    assert process.status("TracerPid") == "0"
    assert process.ask("still there?") == "still there?"


@pytest.fixture(scope="module")
def steady(newest, programs):
    return programs.build(newest, "steady")


@pytest.fixture(scope="module")
def running(steady):
    with Process(steady, 30, settle=0) as process:
        yield process


@pytest.fixture(scope="module")
def snapshot(running, silt, tmp_path_factory):
    path = tmp_path_factory.mktemp("snapshot") / "steady"
    done = silt.run("snap", running.pid, "-o", path)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def gcore(steady, tmp_path_factory):
    """A core without silt's own notes, and the program that made it, which has ended."""
    directory = tmp_path_factory.mktemp("gcore")
    program = directory / "moved"
    shutil.copy(steady, program)
    with Process(program, 1, settle=0) as process:
        subprocess.run(["gcore", "-o", directory / "core", str(process.pid)], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        [core] = directory.glob("core*")
    yield core, program
    core.unlink()


# DWARF 4 of one unit: os.Args, and structures in structures, each with some fields of the type before.
ABBREVIATIONS = bytes.fromhex("01 11 01 13 0b 00 00"  # unit: language
                              "02 34 00 03 08 02 0a 49 13 00 00"  # variable: name, location, type
                              "03 24 00 03 08 0b 0b 80 52 0b 00 00"  # base type: name, size, DW_AT_go_kind
                              "04 13 01 03 08 0b 06 80 52 0b 00 00"  # structure: the same
                              "05 0d 00 03 08 38 0b 49 13 00 00"  # member: name, offset, type
                              "00")
UNIT_HEADER, GO, INT, STRUCT = struct.Struct("<IHIB"), 0x16, 2, 25


def nested_structures(variable, count, fields):
    types, first = b"\3int\0\10" + bytes([INT]), UNIT_HEADER.size + 2 + 23  # behind unit and variable
    last = first
    for _ in range(count):
        at = first + len(types)
        types += b"\4S\0" + struct.pack("<IB", 64, STRUCT)
        types += b"".join(b"\5f\0" + struct.pack("<BI", 8 * i, last) for i in range(fields)) + b"\0"
        last = at
    unit = bytes([1, GO]) + b"\2os.Args\0" + struct.pack("<BBQI", 9, 3, variable, last)
    assert UNIT_HEADER.size + len(unit) == first
    unit += types + b"\0"
    return UNIT_HEADER.pack(UNIT_HEADER.size - 4 + len(unit), 4, 0, 8) + unit


@pytest.mark.parametrize("count, fields", [(100, 2), (30000, 1)])
def test_types_in_types(silt, steady, tmp_path, count, fields):
    """What is said of them takes neither as many steps as there are ways to the innermost, nor a stack as deep."""
    symbols = subprocess.check_output(["nm", steady], text=True).splitlines()
    [variable] = [int(line.split()[0], 16) for line in symbols if line.endswith(" os.Args")]
    (tmp_path / "info").write_bytes(nested_structures(variable, count, fields))
    (tmp_path / "abbreviations").write_bytes(ABBREVIATIONS)
    program = tmp_path / "program"
    subprocess.run(["objcopy", "--wildcard", "-R", ".debug_*", steady, program], check=True)
    subprocess.run(["objcopy", "--add-section", ".debug_info=%s" % (tmp_path / "info"), "--add-section",
                    ".debug_abbrev=%s" % (tmp_path / "abbreviations"), program], check=True)
    with Process(program, 1, settle=0) as process:
        held = silt.json("report", process.pid, "--limit=0")["holders"]
    assert any(row["what"].startswith("os.Args") for row in held)


@pytest.mark.parametrize("arguments, word", [
    ([], "usage"), (["report"], "TARGET"), (["types"], "TARGET"), (["why", "{pid}"], "ADDRESS"),
    (["snap", "{pid}"], "-o FILE"), (["types", "{pid}", "more"], "more"), (["--nonsense", "{pid}"], "--nonsense"),
    (["types", "--limit=few", "{pid}"], "few"), (["types", "--limit=-1", "{pid}"], "-1"),
    (["nonsense"], "neither a process id nor a file"), (["0"], "neither a process id nor a file"),
    (["99999999999999999999"], "neither a process id nor a file"), (["no/such/file"], "no/such/file"),
    (["why", "{pid}", "0x10"], "0x10"), (["why", "{pid}", "0xnine"], "0xnine"),
    (["why", "{pid}", "#99999"], "99999"), (["why", "{pid}", "main.nothing"], "main.nothing"),
    (["why", "{pid}", "*main.Nothing"], "*main.Nothing"), (["snap", "no/such/file", "-o", "x"], "no/such/file"),
    (["snap", "{pid}", "--exe", "{file}", "-o", "x"], "--exe"),
    (["diff", "--times=3", "{pid}", "{file}"], "--every"), (["diff", "--every=1ms", "{file}"], "{file}"),
])
def test_usage(silt, running, snapshot, tmp_path, arguments, word):
    done = silt.run(*[argument.format(pid=running.pid, file=snapshot) for argument in arguments], cwd=tmp_path)
    if not arguments:  # the whole usage, as with --help
        assert (done.returncode, done.stdout) == (USAGE, "") and "TARGET" in done.stderr
    else:
        refused(done, word.format(file=snapshot), status=USAGE)
    assert list(tmp_path.iterdir()) == []
    unharmed(running)


def test_help(silt):
    """Of every command that the help lists; it fits a terminal of 80 columns."""
    shown = silt.run("--help")
    commands = re.findall(r"^  silt ([a-z]+)  ", shown.stdout, re.MULTILINE)
    assert len(commands) >= 8
    for done in [shown] + [silt.run(command, "--help") for command in commands]:
        assert done.returncode == 0 and done.stderr == ""
        assert max(map(len, done.stdout.splitlines())) <= 80, done.stdout


def test_thread(silt, running):
    """As htop lists them."""
    [thread, *_] = (tid for tid in os.listdir("/proc/%d/task" % running.pid) if int(tid) != running.pid)
    refused(silt.run(thread), "thread", "process, which is %d" % running.pid, status=USAGE)
    unharmed(running)


def test_no_such_process(silt):
    ended = subprocess.Popen(["true"])
    pid = ended.pid
    deadline = time.monotonic() + 10
    while "Z" not in pathlib.Path("/proc/%d/stat" % pid).read_text() and time.monotonic() < deadline:
        time.sleep(0.01)
    refused(silt.run(pid), "pid %d has ended" % pid)  # a zombie
    ended.wait()
    refused(silt.run(pid), "no process with pid %d" % pid)


def test_not_go(silt):
    sleep = subprocess.Popen(["sleep", "100"])
    try:
        refused(silt.run(sleep.pid), "not a Go program")
        assert sleep.poll() is None
    finally:
        sleep.kill()
        sleep.wait()


def test_no_permission(silt, running):
    if os.getuid() != 0:
        pytest.skip("another user is needed, and only root can be one")
    with open(silt.path, "rb") as file:  # the directories on the way may be closed to others
        done = subprocess.run([silt.path, str(running.pid)], executable="/proc/self/fd/%d" % file.fileno(),
                              pass_fds=[file.fileno()], user=NOBODY, group=NOBODY, extra_groups=[], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    refused(done, "not allowed", "user id 0", "CAP_SYS_PTRACE")
    unharmed(running)


def filter_calls(*instructions):
    """Sets a seccomp filter: (code, skip if, skip else, value) of each instruction."""
    packed = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *each) for each in instructions))
    program = struct.pack("<H6xQ", len(instructions), ctypes.addressof(packed))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program):
        raise OSError(ctypes.get_errno(), "prctl")


def refuse_reading():
    """As kernel.yama.ptrace_scope does: files of the process may be looked at, its memory may not be read."""
    filter_calls((BPF_LD_W_ABS, 0, 0, 0),  # the number of the call
                 (BPF_JEQ_K, 0, 1, SYS_PROCESS_VM_READV),
                 (BPF_RET_K, 0, 0, SECCOMP_RET_ERRNO | errno.EPERM),
                 (BPF_RET_K, 0, 0, SECCOMP_RET_ALLOW))


def test_no_permission_to_read(silt, running):
    refused(silt.run(running.pid, preexec_fn=refuse_reading), "not allowed", "CAP_SYS_PTRACE", "ptrace_scope")
    unharmed(running)


def test_traced_already(silt, running):
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if ptrace(PTRACE_SEIZE, running.pid, None, None) < 0:
        pytest.skip("ptrace: " + os.strerror(ctypes.get_errno()))
    try:
        for way in "stop", "precopy", "fork", "auto":
            skip = way == "precopy" and "Linux 6.7" in silt.run(running.pid, "--capture=precopy").stderr
            if not skip:
                refused(silt.run(running.pid, "--capture=" + way), "already being traced by pid %d" % os.getpid())
    finally:
        running.signal(signal.SIGSTOP)  # PTRACE_DETACH wants a stopped thread
        os.waitpid(running.pid, os.WUNTRACED)
        ptrace(PTRACE_DETACH, running.pid, None, None)
        running.signal(signal.SIGCONT)
    time.sleep(0.1)
    unharmed(running)


def build_for(newest, programs, machine):
    path = programs.output / ("steady-" + machine)
    newest.run("build", "-o", path, ".", cwd=programs.sources / "steady",
               env={"GOARCH": machine, "CGO_ENABLED": "0"})
    return path


def test_32_bit(newest, programs, silt, snapshot):
    program = build_for(newest, programs, "386")
    refused(silt.run(snapshot, "--exe", program), "32-bit")
    try:
        process = Process(program, 1, settle=0)
    except OSError as error:
        pytest.skip("32-bit programs do not run here: %s" % error)
    with process:
        refused(silt.run(process.pid), "32-bit")
        unharmed(process)


def test_other_machine(newest, programs, silt, snapshot, tmp_path):
    refused(silt.run(snapshot, "--exe", build_for(newest, programs, "arm64")), "arm64")
    core = bytearray(snapshot.read_bytes())
    struct.pack_into("<H", core, E_MACHINE_AT, EM_RISCV)
    other = tmp_path / "core"
    other.write_bytes(core)
    refused(silt.run(other), "machine")


@pytest.mark.parametrize("pretended", ["go1.18", "go1.20", "go1.99", "go2.27", "devel!"])
def test_unknown_version(newest, silt, steady, tmp_path, pretended):
    program = tmp_path / "program"
    shutil.copy(steady, program)
    bytes_there = program.read_bytes()
    version = ("go" + newest.version).encode()
    assert version in bytes_there and len(version) == len(pretended)
    program.write_bytes(bytes_there.replace(version, pretended.encode()))
    with Process(program, 1, settle=0) as process:
        refused(silt.run(process.pid), pretended, "silt knows Go 1.19")
        unharmed(process)


def test_core_without_executable(silt, gcore, tmp_path):
    core, program = gcore
    shutil.move(program, tmp_path / "elsewhere")
    refused(silt.run(core), str(program), "--exe")
    found = silt.run(core, "--exe", tmp_path / "elsewhere")
    shutil.move(tmp_path / "elsewhere", program)
    assert found.returncode in (0, 1), found.stderr


def test_wrong_executable(newest, programs, silt, gcore, snapshot):
    other = programs.output / "steady-other-build"
    newest.run("build", "-ldflags=-X main.other=build", "-tags=other", "-trimpath", "-o", other, ".",
               cwd=programs.sources / "steady", env={"CGO_ENABLED": "0"})
    for target in (gcore[0], snapshot):
        refused(silt.run(target, "--exe", other), "build ids differ", "--exe")
        refused(silt.run(target, "--exe", "/bin/sleep"), "not a Go program")
        refused(silt.run(target, "--exe", "/no/such/program"), "/no/such/program")
        refused(silt.run(target, "--exe", "/"), "not a file")
        refused(silt.run(target, "--exe", target), "not a program")


def test_truncated(silt, snapshot, long, tmp_path):
    whole = snapshot.read_bytes()
    chosen = random.Random(1)
    lengths = [1, 63, 64, 4095, 4096, 4097, len(whole) - 1] + \
        [chosen.randrange(len(whole)) for _ in range(300 if long else 30)]
    for length in lengths:
        cut = tmp_path / "cut"
        cut.write_bytes(whole[:length])
        refused(silt.run(cut), "cut is not a core file", "truncated" if length >= 64 else "")


def test_truncated_in_memory(silt, gcore, tmp_path):
    """Headers first, then the memory: that of gdb and of the kernel."""
    core, _ = gcore
    cut = tmp_path / "cut"
    shutil.copyfile(core, cut)
    while os.path.getsize(cut) > 4096:
        os.truncate(cut, os.path.getsize(cut) * 2 // 3)
        refused(silt.run(cut), "truncated")


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes(silt, snapshot, tmp_path, seed):
    noise = random.Random(seed).randbytes(1 << 16)
    core = tmp_path / "core"
    core.write_bytes(noise)
    refused(silt.run(core), "not a core file")
    core.write_bytes(snapshot.read_bytes()[:64] + noise)  # a good ELF header
    refused(silt.run(core))


@pytest.mark.parametrize("seed", range(20))
def test_damaged(silt, snapshot, tmp_path, seed):
    """Bytes that are not what they were: the answer may be anything but a crash."""
    chosen = random.Random(seed)
    core = bytearray(snapshot.read_bytes())
    for _ in range(1000):
        at = chosen.randrange(64, len(core) - 8)
        core[at:at + 8] = chosen.choice([chosen.randbytes(8), bytes(8), b"\xff" * 8, core[-16:-8]])
    damaged = tmp_path / "core"
    damaged.write_bytes(core)
    for arguments in ["report", damaged], ["snap", damaged, "-o", tmp_path / "again"]:
        done = silt.run(*arguments)
        if done.returncode not in (0, 1):
            refused(done)


@pytest.fixture(scope="module")
def compressed(running, silt, tmp_path_factory):
    path = tmp_path_factory.mktemp("compressed") / "steady.zst"
    done = silt.run("snap", running.pid, "-o", path)
    assert done.returncode == 0, done.stderr
    return path


def test_compressed_truncated(silt, compressed, long, tmp_path):
    whole = compressed.read_bytes()
    chosen = random.Random(2)
    table = 17 + 8 * struct.unpack("<I", whole[-9:-5])[0]  # without it the rest is read as it comes
    cut = tmp_path / "cut"
    for length in [5, 18, len(whole) - table - 1] + [chosen.randrange(4, len(whole) - table)
                                                    for _ in range(300 if long else 30)]:
        cut.write_bytes(whole[:length])
        refused(silt.run(cut), "cut is damaged or cut off")
    cut.write_bytes(whole[:3])
    refused(silt.run(cut), "not a core file")


@pytest.mark.parametrize("seed", range(20))
def test_compressed_damaged(silt, compressed, tmp_path, seed):
    """The frames have checksums: what is read is right or refused."""
    chosen = random.Random(seed)
    packed = bytearray(compressed.read_bytes())
    at = chosen.randrange(4, len(packed) - 8)
    damage = chosen.choice([chosen.randbytes(8), bytes(8), b"\xff" * 8])
    changed = packed[at:at + 8] != damage
    packed[at:at + 8] = damage
    damaged = tmp_path / "core.zst"
    damaged.write_bytes(packed)
    if changed:
        refused(silt.run(damaged), "damaged or cut off")


@pytest.mark.parametrize("plain, word", [(0xffffffff, "larger than silt reads"), (64 << 20, "damaged or cut off")])
def test_compressed_bomb(silt, tmp_path, plain, word):
    """A table that promises much more than there is."""
    count = 1 << 12
    frame = struct.pack("<IBBI", 0xfd2fb528, 0x20, 0, 1)[:9]  # empty: RFC 8878
    table = struct.pack("<II", len(frame), plain) * count
    packed = tmp_path / "bomb"
    packed.write_bytes(frame * count + struct.pack("<II", 0x184d2a5e, len(table) + 9) + table +
                       struct.pack("<IBI", count, 0, 0x8f92eab1))
    refused(silt.run(packed), word)
    packed.write_bytes(frame * count)
    refused(silt.run(packed), "not a file with contents")


@pytest.mark.parametrize("path", ["/", "/dev/null", "/dev/zero", "/proc/self/maps", "empty"])
def test_no_file(silt, tmp_path, path):
    (tmp_path / "empty").touch()
    refused(silt.run(path, cwd=tmp_path), path, "not a file with contents")


def kills(long):
    return range(KILLS_LONG if long else KILLS)


def duration(call, *arguments):
    began = time.monotonic()
    call(*arguments)
    return time.monotonic() - began


def start(silt, *arguments):
    return subprocess.Popen([str(silt.path), *map(str, arguments)], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process):
    stdout, stderr = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)


def test_target_is_killed(silt, steady, long):
    refusals = 0
    with Process(steady, 30, settle=0) as process:
        usual = duration(silt.run, process.pid)
    for seed in kills(long):
        with Process(steady, 30, settle=0) as process:
            reading = start(silt, process.pid)
            time.sleep(random.Random(seed).uniform(0, usual))
            process.stop()
            done = finish(reading)
        if done.returncode not in (0, 1):
            refused(done)
            refusals += 1
    assert refusals


def wait_until_left_alone(process):
    deadline = time.monotonic() + 5
    while process.status("TracerPid") != "0" and time.monotonic() < deadline:
        time.sleep(0.005)


@pytest.mark.parametrize("command, name", [("report", None), ("snap", "snapshot"), ("snap", "snapshot.zst")])
def test_silt_is_killed(silt, running, long, tmp_path, command, name):
    wishes = ["-o", tmp_path / name] if name else []
    usual = duration(silt.run, command, running.pid, *wishes)
    for path in tmp_path.iterdir():
        path.unlink()
    for seed in kills(long):
        reading = start(silt, command, running.pid, *wishes)
        time.sleep(random.Random(seed).uniform(0, usual))
        reading.kill()
        finish(reading)
        wait_until_left_alone(running)
        unharmed(running)
        for path in tmp_path.iterdir():  # it was done before the kill, or there is nothing
            assert silt.run(path).returncode in (0, 1)
            path.unlink()


def test_ignored_ends(silt, running):
    """Whoever starts silt may have ignored SIGCHLD, and what is ignored stays so (execve(2))."""
    done = silt.run(running.pid, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    assert done.returncode in (0, 1), done.stderr


def is_traced_before_end(process, reading):
    while reading.poll() is None:
        if process.status("TracerPid") != "0":
            return True
    return False


def test_silt_is_stopped(silt, running):
    """Ctrl-Z while the target stands still: silt stops, and the target goes on."""
    hits = 0
    for _ in range(STOPS):
        # In a session without another group the kernel ignores the signal (setpgid(2)).
        reading = subprocess.Popen([silt.path, str(running.pid), "--capture=stop"], text=True, preexec_fn=os.setpgrp,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if is_traced_before_end(running, reading):
            os.killpg(reading.pid, signal.SIGTSTP)
            hits += 1
        try:
            wait_until_left_alone(running)
            unharmed(running)
        finally:
            with contextlib.suppress(ProcessLookupError):  # it has ended
                os.killpg(reading.pid, signal.SIGCONT)
        assert finish(reading).returncode in (0, 1)
    assert hits


@pytest.fixture
def tiny(tmp_path):
    """A directory on a file system of one megabyte."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a small file system")
    directory = tmp_path / "tiny"
    directory.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", directory], text=True,
                             stderr=subprocess.PIPE)
    if mounted.returncode:
        pytest.skip("cannot mount a small file system: " + mounted.stderr)
    yield directory
    subprocess.run(["umount", directory], check=True)


@pytest.mark.parametrize("name", ["snapshot", "snapshot.zst"])
def test_file_size_limit(silt, running, tmp_path, name):
    """As of ulimit -f; the compressed file alone would keep it."""
    done = silt.run("snap", running.pid, "-o", tmp_path / name, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)))
    refused(done, "File too large")
    assert list(tmp_path.iterdir()) == []
    unharmed(running)


def test_full_disk(silt, running, compressed, tiny):
    """Said before the process stands still for it, and, where that was not believed, when it is full."""
    there = dict(os.environ, TMPDIR=str(tiny))
    for options, word in ([], "room for 1.0 MB"), (["--force"], "No space left"):
        refused(silt.run("snap", running.pid, *options, "-o", tiny / "snapshot"), word, "--output")
        refused(silt.run("snap", running.pid, *options, "-o", tiny / "snapshot.zst"), word, "--output")
        refused(silt.run(running.pid, *options, env=there), word, "TMPDIR")
    refused(silt.run(compressed, env=there), "No space left", "TMPDIR")
    assert list(tiny.iterdir()) == []
    unharmed(running)


def test_unwritable_directory(silt, running, tiny):
    subprocess.run(["mount", "-o", "remount,ro", tiny], check=True)
    refused(silt.run("snap", running.pid, "-o", tiny / "snapshot"), str(tiny / "snapshot"), "Read-only")
    refused(silt.run("snap", running.pid, "-o", tiny / "none/snapshot"), "No such file")
    refused(silt.run("snap", running.pid, "-o", tiny), str(tiny))
    assert list(tiny.iterdir()) == []
    unharmed(running)


def make_device(path):
    """Like /dev/null."""
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except PermissionError:
        pytest.skip("only root can make a device")


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, make_device])
@pytest.mark.parametrize("ending", ["", ".zst"])
def test_output_is_no_file(silt, running, tmp_path, make, ending):
    """A device must not lose its name to a snapshot; nor what a link leads to, such as /dev/stdout."""
    path, link = tmp_path / ("special" + ending), tmp_path / ("link" + ending)
    make(path)
    link.symlink_to(path)
    before = path.lstat()
    for output in path, link:
        refused(silt.run("snap", running.pid, "-o", output), str(output), "not a regular file")
    assert path.lstat() == before and link.is_symlink()
    assert sorted(tmp_path.iterdir()) == sorted([path, link])


def test_full_output(silt, running):
    with open("/dev/full", "w") as full:
        done = subprocess.run([silt.path, str(running.pid)], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == UNREADABLE
    assert re.fullmatch("silt: [^\n]*\n", done.stderr)
