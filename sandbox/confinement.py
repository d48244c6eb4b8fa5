"""Confine a process that reads untrusted bytes: seccomp lets it compute, use its pipes and nothing else.

A system call that isn't in the list fails with EPERM: opening files, sockets, other programs and processes, signals.
seccomp(2) and Documentation/userspace-api/seccomp_filter.rst of the kernel describe the filter.
"""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
import sys
from pathlib import Path

ACTIONS = Path("/proc/sys/kernel/seccomp/actions_avail")
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 22, 38
SECCOMP_MODE_FILTER = 2
CLONE_THREAD = 0x10000
AUDIT_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
# System calls by their number on x86_64 and on aarch64.
ALLOWED = {
    "read": (0, 63),
    "write": (1, 64),
    "close": (3, 57),
    "fstat": (5, 80),
    "lseek": (8, 62),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "brk": (12, 214),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "readv": (19, 65),
    "writev": (20, 66),
    "sched_yield": (24, 124),
    "mremap": (25, 216),
    "madvise": (28, 233),
    "nanosleep": (35, 101),
    "getpid": (39, 172),
    "exit": (60, 93),
    "gettimeofday": (96, 169),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "sigaltstack": (131, 132),
    "setrlimit": (160, 164),
    "gettid": (186, 178),
    "futex": (202, 98),
    "sched_getaffinity": (204, 123),
    "set_tid_address": (218, 96),
    "restart_syscall": (219, 128),
    "clock_gettime": (228, 113),
    "clock_nanosleep": (230, 115),
    "exit_group": (231, 94),
    "set_robust_list": (273, 99),
    "getrandom": (318, 278),
    "membarrier": (324, 283),
    "rseq": (334, 293),
}
CLONE, PRLIMIT64 = (56, 220), (302, 261)
CLONE3 = 435  # on both; glibc uses clone, whose flags a filter can read, if it isn't there

# Instructions and the offsets of what they read (linux/filter.h, linux/seccomp.h).
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_BITS, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
_ALLOW, _KILL_PROCESS = 0x7FFF0000, 0x80000000


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))


def missing_support() -> str:
    """Return why this machine can't confine the process, or an empty string if it can."""
    if not sys.platform.startswith("linux"):
        return "this system has no seccomp"
    if platform.machine() not in AUDIT_ARCHITECTURES:
        return f"there is no filter for {platform.machine()} processors"
    try:
        actions = ACTIONS.read_text().split()
    except OSError:
        actions = []
    return "" if {"errno", "kill_process"} <= set(actions) else "this kernel was built without seccomp filters"


def confine() -> None:
    """Restrict this process for good. Raises OSError if the kernel refuses."""
    program = filter_program(platform.machine())
    code = ctypes.create_string_buffer(program, len(program))
    argument = _Program(len(program) // 8, ctypes.addressof(code))
    _prctl(PR_SET_NO_NEW_PRIVS, 1, 0)
    _prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(argument))


def filter_program(machine: str) -> bytes:
    """Return the filter for a processor. Threads may be started, processes not; limits be set for itself alone."""
    column = list(AUDIT_ARCHITECTURES).index(machine)
    refuse = _return_error(errno.EPERM)
    instructions = [
        _instruction(_LOAD, _ARCHITECTURE),
        _instruction(_JUMP_IF_EQUAL, AUDIT_ARCHITECTURES[machine], if_true=1),
        _instruction(_RETURN, _KILL_PROCESS),
        _instruction(_LOAD, _NUMBER),
    ]
    for numbers in ALLOWED.values():
        instructions += [_instruction(_JUMP_IF_EQUAL, numbers[column], if_false=1), _instruction(_RETURN, _ALLOW)]
    instructions += [_instruction(_JUMP_IF_EQUAL, CLONE3, if_false=1), _return_error(errno.ENOSYS)]
    for number, test, value in ((CLONE, _JUMP_IF_BITS, CLONE_THREAD), (PRLIMIT64, _JUMP_IF_EQUAL, 0)):
        instructions += [
            _instruction(_JUMP_IF_EQUAL, number[column], if_false=4),
            _instruction(_LOAD, _FIRST_ARGUMENT),
            _instruction(test, value, if_false=1),
            _instruction(_RETURN, _ALLOW),
            refuse,
        ]
    return b"".join([*instructions, refuse])


def _instruction(code: int, value: int, *, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _return_error(number: int) -> bytes:
    return _instruction(_RETURN, 0x00050000 | number)


def _prctl(option: int, first: int, second: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, *map(ctypes.c_ulong, (first, second, 0, 0))):
        number = ctypes.get_errno()
        raise OSError(number, f"prctl {option}: {errno.errorcode.get(number, number)}")
