"""Ctrl-C that breaks nothing it falls into: an import comes to its end first, and no press is lost."""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

INTERRUPTED = "error: interrupted from the keyboard"
EXIT_CODE = 130  # what shells expect of a program that Ctrl-C ended
_AGAIN = 0.05  # s between looks whether the import is over


@contextmanager
def interruptible() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt inside, but never in the middle of an import.

    Libraries in compiled code swallow it there and are broken afterwards, or end the process. It is raised as soon as
    the import is over; pressed again before, the process ends at once. One that Python drops, because it came in a
    finaliser or a callback of a fork, is raised again, and so is one that a library answers with a fault of its own.
    Does not listen where somebody else does already.
    """
    with _listening():
        try:
            yield
        except Exception as error:
            if _comes_of_interrupt(error):
                raise KeyboardInterrupt from error
            raise


@contextmanager
def _listening() -> Iterator[None]:
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    listener = _Listener()
    signal.signal(signal.SIGINT, listener)
    before, sys.unraisablehook = sys.unraisablehook, listener.dropped
    try:
        yield
    finally:
        sys.unraisablehook = before
        if signal.getsignal(signal.SIGINT) is listener:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def at_the_end() -> None:
    """Ignore Ctrl-C from now on: all is said and done, and Python only tidies up."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)


class _Listener:
    """The handler of SIGINT; ``_again`` tells its own reminders from the user's presses."""

    def __init__(self) -> None:
        self._again, self._waiting = False, False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        pressed, self._again = not self._again, False
        if not _importing(frame):
            self._waiting = False
            raise KeyboardInterrupt
        if self._waiting and pressed:
            os.write(2, f"{INTERRUPTED}\n".encode())
            os._exit(EXIT_CODE)
        self._waiting = True
        self._remind()

    def dropped(self, told: Any) -> None:
        """``sys.unraisablehook``: what was raised where nobody could catch it."""
        if issubclass(told.exc_type, KeyboardInterrupt):
            self._remind()
        else:
            sys.__unraisablehook__(told)

    def _remind(self) -> None:
        def ring() -> None:
            self._again = True
            _thread.interrupt_main()

        timer = threading.Timer(_AGAIN, ring)
        timer.daemon = True
        timer.start()


def _comes_of_interrupt(error: BaseException | None) -> bool:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, KeyboardInterrupt):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False
