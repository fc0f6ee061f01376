"""What silt shows in a terminal of some width."""
import fcntl
import os
import pty
import struct
import subprocess
import termios


def shown(silt, width, *arguments):
    """The lines, without colours."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
    process = subprocess.Popen([str(silt.path), *map(str, arguments)], stdout=theirs, stderr=subprocess.DEVNULL,
                               env=dict(os.environ, NO_COLOR="1"))
    os.close(theirs)
    output = b""
    try:
        while read := os.read(ours, 1 << 16):
            output += read
    except OSError:  # EIO: nobody has the other end any more (pty(7))
        pass
    os.close(ours)
    assert process.wait(60) in (0, 1)
    return output.decode().splitlines()
