"""A filter for system calls that a notebook has no use for, as a classic BPF program for ``bwrap --seccomp``.

What it closes: memory that no per-process limit or watchdog sees (memfd, System V shared memory), and kernel
interfaces with a history of holes (io_uring, keyrings, bpf, user namespaces, ptrace). Calls are refused with EPERM;
``clone3`` with ENOSYS, because its flags lie in memory where a filter cannot look, and C libraries then use ``clone``.

Format: Linux ``struct sock_filter`` (u16 code, u8 jt, u8 jf, u32 k) over ``struct seccomp_data``, seccomp(2).
"""

from __future__ import annotations

import errno
import platform
import struct

_X86_64 = 0xC000003E  # AUDIT_ARCH_X86_64
_X32_BIT = 0x40000000
_NEW_NAMESPACES = 0x7E020080  # all CLONE_NEW* flags
_NR, _ARCH, _ARG0 = 0, 4, 16  # offsets in struct seccomp_data
_LOAD, _JUMP_EQ, _JUMP_GE, _JUMP_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_CLONE, _CLONE3 = 56, 435

_REFUSED = {
    "shmget": 29, "shmat": 30, "shmctl": 31, "msgget": 68, "ptrace": 101, "syslog": 103, "pivot_root": 155,
    "chroot": 161, "acct": 163, "mount": 165, "umount2": 166, "swapon": 167, "swapoff": 168, "reboot": 169,
    "iopl": 172, "ioperm": 173, "init_module": 175, "delete_module": 176, "quotactl": 179, "kexec_load": 246,
    "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272, "perf_event_open": 298,
    "name_to_handle_at": 303, "open_by_handle_at": 304, "setns": 308, "process_vm_readv": 310,
    "process_vm_writev": 311, "kcmp": 312, "finit_module": 313, "memfd_create": 319, "kexec_file_load": 320,
    "bpf": 321, "userfaultfd": 323, "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427,
    "open_tree": 428, "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433,
    "pidfd_getfd": 438, "mount_setattr": 442, "memfd_secret": 447,
}  # fmt: skip


def syscall_filter() -> bytes | None:
    """Return the filter for this machine, or None where the numbers of its system calls are not known to us."""
    if platform.machine() != "x86_64":
        return None
    numbers = sorted(_REFUSED.values())
    refuse, allow = _ERRNO | errno.EPERM, _ALLOW
    program = [
        (_LOAD, 0, 0, _ARCH),
        (_JUMP_EQ, 1, 0, _X86_64),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NR),
        # The same calls have other numbers in the x32 ABI; nothing here uses it.
        (_JUMP_GE, 0, 1, _X32_BIT),
        (_RETURN, 0, 0, refuse),
        (_JUMP_EQ, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    program += [(_JUMP_EQ, len(numbers) - position + 3, 0, number) for position, number in enumerate(numbers)]
    program += [
        (_JUMP_EQ, 0, 2, _CLONE),
        (_LOAD, 0, 0, _ARG0),
        (_JUMP_SET, 1, 0, _NEW_NAMESPACES),
        (_RETURN, 0, 0, allow),
        (_RETURN, 0, 0, refuse),
    ]
    return b"".join(struct.pack("<HBBI", *line) for line in program)
