"""Attacks that want to read, reach or change something outside: all of them run to their end and get nothing."""

from __future__ import annotations

from tests.hostile.case import Attack

_ATTEMPT = """
import ctypes, glob, os, socket, stat, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
def attempt(action, *arguments):
    try: result = action(*arguments)
    except Exception as error: print('refused:', type(error).__name__, error)
    else: print('STOLEN', result)
def call(name, *arguments):
    if getattr(libc, name)(*arguments) == -1: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
def read(path): return open(path, 'rb').read(200)
def create(folder):
    os.close(os.open(os.path.join(folder, 'hostile'), os.O_WRONLY | os.O_CREAT))
"""


def _attack(name: str, code: str, says: str = "refused") -> Attack:
    return Attack(name=name, cells=(_ATTEMPT + code,), says=says)


PRYING = (
    _attack("reads-a-file-of-the-host", "attempt(read, '@FILE@')", says="FileNotFoundError"),
    _attack("reads-another-submission", "attempt(read, '@NEIGHBOUR@')", says="FileNotFoundError"),
    _attack("reads-passwords", "attempt(read, '/etc/shadow')\nif 'root' in open('/etc/passwd').read(): print('STOLEN')"),
    _attack("reads-the-grader", "attempt(read, '@PACKAGE@/grade.py')\nattempt(__import__, 'grader.grade')"),
    _attack(
        "reads-our-home",
        "attempt(os.listdir, '@HOME@/.ssh')\nattempt(read, '@HOME@/.bash_history')\nattempt(read, '@HOME@/.netrc')",
    ),
    _attack(
        "reads-our-environment",
        "names = glob.glob('/proc/[0-9]*/environ') + glob.glob('/proc/[0-9]*/task/*/environ')\n"
        "for name in names:\n"
        "    try: content = read(name) + open(name, 'rb').read()\n"
        "    except OSError: continue\n"
        "    if b'HOSTILE_CANARY' in content: print('STOLEN', name)\n"
        "print('looked at', len(names))",
        says="looked at",
    ),
    _attack(
        "climbs-out-of-its-root",
        "for pid in os.listdir('/proc'):\n"
        "    if pid.isdigit():\n"
        "        for way in 'root', 'cwd': attempt(read, f'/proc/{pid}/{way}/../../../../../../..@FILE@')",
    ),
    _attack(
        "looks-for-open-files",
        "for fd in os.listdir('/proc/self/fd'):\n"
        "    try: kind, place = os.fstat(int(fd)).st_mode, os.readlink(f'/proc/self/fd/{fd}')\n"
        "    except OSError: continue\n"
        "    inside = place.startswith(('/usr/', '/tmp/', '/home/student', sys.prefix, sys.base_prefix))\n"
        "    if (stat.S_ISREG(kind) or stat.S_ISDIR(kind)) and not inside: print('STOLEN', place)\n"
        "print('nothing more')",
        says="nothing more",
    ),
    _attack("connects-to-a-port", "attempt(socket.create_connection, ('127.0.0.1', @PORT@), 3)", says="refused"),
    _attack(
        "sends-a-packet",
        "sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "try: sender.sendto(b'x', ('127.0.0.1', @UDP@))\nexcept OSError as error: print(error)\n"
        "try: sender.sendto(b'x', ('255.255.255.255', @UDP@))\nexcept OSError as error: print('refused', error)",
    ),
    _attack("reaches-the-internet", "attempt(socket.create_connection, ('192.0.2.1', 80), 3)", says="unreachable"),
    _attack(
        "connects-to-an-abstract-socket",
        "attempt(socket.socket(socket.AF_UNIX).connect, '\\0@ABSTRACT@')",
        says="ConnectionRefusedError",
    ),
    _attack(
        "connects-to-a-socket-file",
        "attempt(socket.socket(socket.AF_UNIX).connect, '@SOCKET@')",
        says="FileNotFoundError",
    ),
    _attack("sniffs-packets", "attempt(socket.socket, socket.AF_PACKET, socket.SOCK_RAW, 3)", says="PermissionError"),
    _attack("kills-a-process-of-ours", "attempt(os.kill, @PID@, 9)", says="ProcessLookupError"),
    _attack(
        "kills-all-it-can",
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "try: os.kill(-1, signal.SIGTERM)\nexcept OSError as error: print(error)\nprint('alive')",
        says="alive",
    ),
    _attack(
        "looks-for-other-processes",
        "found = [pid for pid in os.listdir('/proc') if pid.isdigit()]\n"
        "print('STOLEN' if len(found) > 4 else 'few:', found)",
        says="few:",
    ),
    _attack("traces-its-guardian", "attempt(call, 'ptrace', 16, 1, 0, 0)", says="not permitted"),
    _attack(
        "looks-for-a-freer-guardian",  # process 1 is of the same user: taking its place must not pay
        "import resource as r\nstatus = open('/proc/1/status').read()\n"
        "for wanted in 'Seccomp:\\t2', 'NoNewPrivs:\\t1', 'CapEff:\\t0000000000000000':\n"
        "    if wanted not in status: print('STOLEN', wanted)\n"
        "if r.prlimit(1, r.RLIMIT_DATA) != r.getrlimit(r.RLIMIT_DATA): print('STOLEN', r.prlimit(1, r.RLIMIT_DATA))\n"
        "attempt(r.prlimit, 1, r.RLIMIT_DATA, (1 << 50, 1 << 50))",
    ),
    _attack("opens-a-kernel-setting", "attempt(os.open, '/proc/sys/kernel/core_pattern', os.O_WRONLY)"),
    _attack("opens-the-system-request-key", "attempt(os.open, '/proc/sysrq-trigger', os.O_WRONLY)"),
    _attack("opens-disks-and-memory", "for name in 'sda', 'vda', 'mem', 'kmsg', 'nvidia0', 'fuse': attempt(open, f'/dev/{name}', 'rb')"),
    _attack("opens-our-terminal", "attempt(open, '/dev/tty', 'wb')"),
    _attack(
        "changes-the-system",
        "for folder in '/', '/usr/bin', '/etc', '/opt', sys.prefix, os.path.dirname(os.__file__), '/dev': attempt(create, folder)",
    ),
    _attack("changes-a-data-set", "attempt(open, '/data/mnist/x_train.npy', 'wb')\nattempt(os.chmod, '/data/mnist/x_train.npy', 0o777)"),
    _attack("changes-the-grades", "attempt(open, '@FOLDER@/grades.csv', 'w')\nattempt(create, '@FOLDER@')"),
    _attack("changes-the-probe", "attempt(open, '/opt/grader_inside/probe/__init__.py', 'w')"),
    _attack("mounts", "attempt(call, 'mount', b'none', b'/tmp', b'tmpfs', 0, None)", says="not permitted"),
    _attack("makes-a-namespace", "attempt(call, 'unshare', 0x10000000)\nprint(subprocess.run(['unshare', '-Ur', 'true'], capture_output=True).stderr)"),
    _attack("changes-its-root", "attempt(os.chroot, '/tmp')", says="PermissionError"),
    _attack("makes-a-device", "attempt(os.mknod, '/tmp/disk', 0o660 | stat.S_IFBLK, os.makedev(8, 0))", says="PermissionError"),
    _attack("becomes-root", "attempt(os.setuid, 0)\nprint(subprocess.run('su -c id; sudo -n id', shell=True, capture_output=True, stdin=subprocess.DEVNULL).stderr[:200])"),
    _attack("loads-into-the-kernel", "attempt(call, 'syscall', 321, 0, 0, 0)\nattempt(call, 'syscall', 425, 1, 0)\nattempt(call, 'syscall', 323, 0)\nattempt(call, 'syscall', 298, 0, 0, -1, -1, 0)", says="not permitted"),
    _attack("keeps-keys", "attempt(call, 'syscall', 248, b'user', b'a', b'b', 1, -3)", says="not permitted"),
    _attack("hides-memory", "attempt(os.memfd_create, 'x')\nattempt(call, 'shmget', 0, 4096, 0o1600)", says="not permitted"),
    _attack(
        "plants-links",
        "places = ['link.ipynb', '/tmp/outcome.json', '/run/kernel/s-9', 'trace.jsonl']\n"
        "for place in places: os.symlink('@FILE@', place)\n"
        "os.mkfifo('pipe'); os.unlink('/run/kernel/s-1'); os.symlink('@SOCKET@', '/run/kernel/s-1')\nprint('planted')",
        says="planted",
    ),
)  # fmt: skip
"""Each prints ``refused``, or what shows that it looked, and never ``STOLEN``."""
