"""Log lines: JSON in a unit, readable at a terminal; each names its action and the trace it belongs to."""

from __future__ import annotations

import contextvars
import logging
import sys
from datetime import UTC, datetime

import msgspec

from services.runtime import settings

trace: contextvars.ContextVar[str] = contextvars.ContextVar("trace", default="")
"""The W3C traceparent of the request being served."""

_STANDARD = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
_COLOURS = {"WARNING": "\033[33m", "ERROR": "\033[31m", "CRITICAL": "\033[31m"}


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": record.name.removeprefix("daimon."),
            "message": record.getMessage(),
            **_extra(record),
        }
        if trace.get():
            line["trace"] = trace.get()
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line, enc_hook=str).decode()


class Readable(logging.Formatter):
    """One coloured line for a person."""

    def format(self, record: logging.LogRecord) -> str:
        colour = _COLOURS.get(record.levelname, "")
        extra = " ".join(f"{key}={value}" for key, value in _extra(record).items())
        text = f"{self.formatTime(record, '%H:%M:%S')} {record.name.removeprefix('daimon.'):<8} {record.getMessage()}"
        line = f"{colour}{text}\033[0m \033[2m{extra}\033[0m" if settings.colour_wanted() else f"{text} {extra}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure() -> None:
    """Send the whole process's log to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(Readable() if sys.stderr.isatty() else JsonLines())
    logging.basicConfig(level=settings.log_level(), handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _extra(record: logging.LogRecord) -> dict[str, object]:
    return {key: value for key, value in record.__dict__.items() if key not in _STANDARD}
