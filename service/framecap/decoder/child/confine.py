"""The privileges that a fork server and a decoder give up at start, as ordered lists of steps.

A step that fails raises: an unconfined decoder must not open a file.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

_libc = ctypes.CDLL(None, use_errno=True)

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4
PR_SET_NO_NEW_PRIVS: Final = 38
SYS_CLOSE_RANGE: Final = 436
"""The same number on every architecture, as for every system call since Linux 5.0."""

LAST_DESCRIPTOR: Final = 2**32 - 1
MAX_DESCRIPTORS: Final = 32
STANDARD_STREAMS: Final = (0, 1, 2)


class ConfinementError(Exception):
    """A step failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confinement:
    """The parent and the descriptors that a process keeps."""

    parent: int
    """The process that forked it; it must not outlive that process."""

    keep: tuple[int, ...]
    """The descriptors it keeps, besides the standard streams."""


Step: TypeAlias = Callable[[Confinement], None]


def confine(confinement: Confinement, steps: tuple[Step, ...]) -> None:
    """Takes the steps in order.

    Raises:
        ConfinementError: One of them failed.
    """
    for step in steps:
        try:
            step(confinement)
        except OSError as error:
            raise ConfinementError(f"{step.__name__}: {error}") from error


def die_with_parent(confinement: Confinement) -> None:
    """Has the kernel kill this process when its parent dies."""
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != confinement.parent:
        # The parent died before the signal was set.
        os._exit(0)


def leave_session(_: Confinement) -> None:
    """Leaves the terminal's session, so that its Ctrl-C does not signal this process."""
    os.setsid()


def default_signals(_: Confinement) -> None:
    """Resets all signal handlers and the signal mask, which are inherited from the parent."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def forget_environment(_: Confinement) -> None:
    """Empties the environment, to which Python may have added LC_CTYPE, and C libraries more."""
    os.environ.clear()
    _check(_libc.clearenv())


def silence_input_and_output(_: Confinement) -> None:
    """Redirects standard input and output to /dev/null, and leaves standard error."""
    _redirect_to_null(STANDARD_STREAMS[:2])


def silence_standard_streams(_: Confinement) -> None:
    """Redirects the standard streams to /dev/null; the output of libraries is not wanted."""
    _redirect_to_null(STANDARD_STREAMS)


def close_other_descriptors(confinement: Confinement) -> None:
    """Closes all descriptors except the standard streams and `confinement.keep`."""
    low = len(STANDARD_STREAMS)
    for descriptor in sorted(confinement.keep):
        _close_range(low, descriptor - 1)
        low = descriptor + 1
    _close_range(low, LAST_DESCRIPTOR)


def be_killed_first(_: Confinement) -> None:
    """Makes this process the first that the kernel kills when memory runs out."""
    descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    try:
        os.write(descriptor, b"1000")
    finally:
        os.close(descriptor)


def hide_from_debuggers(_: Confinement) -> None:
    """Forbids core dumps and tracing; afterwards /proc/self belongs to root."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _prctl(PR_SET_DUMPABLE, 0)


def keep_few_descriptors(_: Confinement) -> None:
    """Limits the number of open descriptors."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (MAX_DESCRIPTORS, MAX_DESCRIPTORS))


def gain_no_privileges(_: Confinement) -> None:
    """Forbids, for good, gaining privileges by running programs."""
    _prctl(PR_SET_NO_NEW_PRIVS, 1)


SERVER_STEPS: Final[tuple[Step, ...]] = (
    default_signals,
    forget_environment,
    silence_input_and_output,
    close_other_descriptors,
)

# Decoders inherit the signals and the environment that the fork server has reset already.
DECODER_STEPS: Final[tuple[Step, ...]] = (
    die_with_parent,
    leave_session,
    silence_standard_streams,
    close_other_descriptors,
    # Writes to /proc/self, so it must come before hide_from_debuggers.
    be_killed_first,
    hide_from_debuggers,
    keep_few_descriptors,
    gain_no_privileges,
)


def _redirect_to_null(streams: tuple[int, ...]) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for stream in streams:
        os.dup2(null, stream)
    if null not in streams:
        os.close(null)


def _prctl(option: int, value: int) -> None:
    # The kernel refuses some options unless the unused arguments are 0.
    zero = ctypes.c_ulong(0)
    _check(_libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero))


def _close_range(first: int, last: int) -> None:
    if first <= last:
        call = ctypes.c_long(SYS_CLOSE_RANGE)
        _check(_libc.syscall(call, ctypes.c_uint(first), ctypes.c_uint(last), ctypes.c_uint(0)))


def _check(result: int) -> None:
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
