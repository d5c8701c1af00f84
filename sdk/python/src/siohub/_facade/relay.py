"""Logging from the core's thread where greenlets have the locks of `logging`: a real thread that
waits for such a lock is never woken. Lines are formatted here and written by a greenlet."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any


class RelayLogger:
    """As much of a logger as the core uses."""

    def __init__(self, logger: logging.Logger, submit: Callable[[Callable[[], object]], None]) -> None:
        self._logger, self._submit = logger, submit

    def log(self, level: int, text: str, *args: Any, exc_info: Any = None) -> None:
        """Hands a line over."""
        if exc_info is True:
            exc_info = sys.exc_info()
        line = text % args if args else text
        self._submit(lambda: self._logger.log(level, "%s", line, exc_info=exc_info))

    def debug(self, text: str, *args: Any, **kwargs: Any) -> None:
        """See logging.Logger."""
        self.log(logging.DEBUG, text, *args, **kwargs)

    def info(self, text: str, *args: Any, **kwargs: Any) -> None:
        """See logging.Logger."""
        self.log(logging.INFO, text, *args, **kwargs)

    def warning(self, text: str, *args: Any, **kwargs: Any) -> None:
        """See logging.Logger."""
        self.log(logging.WARNING, text, *args, **kwargs)

    def error(self, text: str, *args: Any, **kwargs: Any) -> None:
        """See logging.Logger."""
        self.log(logging.ERROR, text, *args, **kwargs)

    def exception(self, text: str, *args: Any) -> None:
        """See logging.Logger."""
        self.log(logging.ERROR, text, *args, exc_info=True)
