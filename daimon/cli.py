"""The table of commands, and the way from a command line to one of them."""

from __future__ import annotations

import argparse
import difflib
import importlib
import keyword
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import NoReturn, Protocol, cast

from daimon import __version__
from daimon.commands import CommandError

COMMANDS = {
    "up": "start everything",
    "down": "stop what `up` started",
    "status": "show what runs, where, and how it fares",
    "logs": "show what the parts have written",
    "doctor": "say what is missing and how to put it right",
    "link": "print a one-time link that signs a browser in",
    "users": "list, invite, disable and delete accounts",
    "keys": "list, make and revoke API keys",
    "chat": "say something and see the answer as it is written",
    "versions": "list the versions of a conversation's questions, and turn to another one",
    "export-chat": "write a conversation down as Markdown or JSON",
    "do": "have one thing done",
    "tasks": "show the task list, or change it",
    "undo": "undo the last change, or an earlier one",
    "redo": "do again what was undone last",
    "suggest": "show what the ghost offers to do next; accept it, dismiss it, or switch it off",
    "approvals": "show what waits for your word and what the model may do, or choose it",
    "approve": "let a call run that waits for your word",
    "deny": "refuse a call that waits for your word",
    "instructions": "show, edit and compare what the model is instructed to do",
    "rate": "say what an answer was worth",
    "profile": "show how one is met, or choose whether the assistant speaks unasked",
    "filter": "show or choose what is held back from answers and actions",
    "models": "list, get, remove and choose the models that answer",
    "actions": "show what can be done, as it runs now",
    "events": "show what happened, or follow what happens",
    "notices": "tell what came of commands and jobs, as it happens",
    "box": "work in the Linux box of a conversation: run, shell, jobs, files, network",
    "upload": "hand files in",
    "files": "list the files that were handed in or back, or fetch one",
    "documents": "list, search, read and delete documents",
    "search": "find what happened, by words and by meaning",
    "sql": "ask the log in SQL",
    "verify": "prove that SQL holds what the log holds, and that nobody altered it",
    "rebuild": "make every table anew from the log, while everything goes on",
    "units": "write the units with which systemd runs Daimon",
    "forget": "delete an event, a conversation or everything of a user for good",
    "recording": "pause or resume recording what Daimon can do without",
    "export": "write all that is kept of a user into one archive",
    "import": "bring in the conversations of an export, of Daimon or of another program",
    "backup": "write the log, the database and the settings into one file, while everything goes on",
    "migrate": "say what starting this version would change in the database",
    "restore": "make a new home from a backup",
    "credentials": "let other programs onto the bus",
    "contract": "write the documents that are generated from the contract",
    "bench": "measure Daimon on this machine",
    "screenshots": "take the pictures of the documents anew",
    "test": "run the test suite",
}
"""Each command with its line in `daimon help`; `daimon/commands/<name>.py` is imported only when it is called."""

_NO_CHOICE = re.compile(r"invalid choice: '(.*)' \(choose from (.*)\)")


class Command(Protocol):
    """What a module in `daimon.commands` offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say what the command takes."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; return the exit code. May raise CommandError."""


def run(argv: Sequence[str]) -> int:
    """Run one command line; return its exit code."""
    name, *rest = argv or ["help"]
    if name in {"-V", "--version", "version"}:
        print(f"daimon {__version__}")
        return 0
    if name in {"-h", "--help", "help"}:
        return _help(rest)
    if name not in COMMANDS:
        print(_unknown(name), file=sys.stderr)
        return 2
    return _call(name, rest)


def _help(rest: Sequence[str]) -> int:
    if rest and rest[0] in COMMANDS:
        return _call(rest[0], ["--help"])
    print(overview())
    return 0


def overview() -> str:
    """Return what `daimon help` prints."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {line}" for name, line in COMMANDS.items()]
    return "\n".join(
        ["usage: daimon COMMAND [arguments]", "", *lines, "", "`daimon COMMAND --help` tells more of one."]
    )


class _Parser(argparse.ArgumentParser):
    """A parser that guesses which verb was meant."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and exit with 2."""
        found = _NO_CHOICE.search(message)
        super().error(message + _guess(found[1], re.findall(r"[\w-]+", found[2])) if found else message)


def _guess(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean `{near[0]}`?" if near else ""


def _unknown(name: str) -> str:
    return f"daimon: there is no command `{name}`.{_guess(name, COMMANDS)} The commands are: {', '.join(COMMANDS)}."


def _call(name: str, rest: Sequence[str]) -> int:
    module = f"{name.replace('-', '_')}{'_' if keyword.iskeyword(name) else ''}"
    command = cast("Command", importlib.import_module(f"daimon.commands.{module}"))
    line = COMMANDS[name]
    parser = _Parser(prog=f"daimon {name}", description=f"{line[0].upper()}{line[1:]}.")
    command.add_arguments(parser)
    try:
        return command.run(parser.parse_args(rest))
    except CommandError as error:
        print(f"daimon: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read us has gone, as `head` does; without this Python complains while it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
