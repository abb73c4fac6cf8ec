"""`daimon box`: the Linux box of a conversation, from the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import get_args

from daimon.commands import CommandError
from daimon.connection import Connection
from daimon.prints import prints
from daimon.shell import shell
from daimon.terminal import add_again, add_json, add_person, on_bus, printable, remark, show_json, table
from proto import boxes, jobs, sandbox
from proto.base import Nothing
from proto.documents import readable_size
from proto.jobs import Item, Over, Printed

PATIENCE = 60.0
"""Seconds to wait for an answer; a command goes on as a job long before."""
USUAL = "shell"
"""The conversation whose box is meant when none is named."""

Work = Callable[[Connection, argparse.Namespace], Awaitable[int]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("--conversation", default=USUAL, metavar="ID", help=f"whose box ({USUAL})")
    add_json(parser)
    add_person(parser)
    parser.set_defaults(work=_describe)
    verbs = parser.add_subparsers(metavar="VERB", title="without a verb the box is described; the verbs are")
    for name, line, work, takes in VERBS:
        verb = verbs.add_parser(name, help=line, description=f"{line[0].upper()}{line[1:]}.")
        verb.set_defaults(work=work)
        for operand in takes:
            _add(verb, operand)
        add_again(verb, "--json", "--home", "--user", "--conversation")


def _add(verb: argparse.ArgumentParser, operand: str) -> None:
    if operand == "command":
        verb.add_argument("command", nargs="+", help="a bash command line; put it in quotes")
        verb.add_argument("--background", action="store_true", help="let it go on as a job and return")
    elif operand == "signal":
        verb.add_argument("--signal", choices=get_args(jobs.Signal), help="only send this signal")
    elif operand == "text":
        verb.add_argument("text", nargs="*", help="what to type; without it the standard input is")
        verb.add_argument("--end", action="store_true", help="nothing more comes")
    elif operand == "folder":
        verb.add_argument("folder", nargs="?", default=".", help="below which folder")
    elif operand == "mode":
        verb.add_argument("mode", choices=get_args(boxes.NetworkMode))
        verb.add_argument("hosts", nargs="*", metavar="HOST", help="for allow-list: example.org, *.example.org, …:8443")
    elif operand == "follow":
        verb.add_argument("--follow", action="store_true", help="go on until it ends")
    else:
        verb.add_argument(operand)


def run(arguments: argparse.Namespace) -> int:
    """Describe the box, or do something in it."""
    return on_bus(arguments.work, arguments, arguments.conversation)


async def _describe(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(boxes.DESCRIBE, Nothing())
    if arguments.json:
        show_json(found)
        return 0
    hosts = f" ({', '.join(found.network.hosts)})" if found.network.hosts else ""
    print(f"held by {found.backend}, {'alive' if found.alive else 'not open'}, network {found.network.mode}{hosts}")
    print("\n".join(table(("limit", "most", "held by"), [(each.limit, each.most, each.by) for each in found.limits])))
    for sentence in found.not_hidden:
        print(printable(f"Not hidden: {sentence}"))
    return 0


async def _run(connection: Connection, arguments: argparse.Namespace) -> int:
    request = sandbox.Run(command=" ".join(arguments.command), background=arguments.background)
    caller = connection.caller
    async with connection.bus.feed(jobs.PRINTS).follow(caller.user, caller.conversation) as live:
        ran = await connection.call(sandbox.RUN, request, timeout=PATIENCE)
        if arguments.json:
            show_json(ran)
        elif ran.job and arguments.background:
            print(f"Job {ran.job}")
        elif ran.job:
            remark(f"It goes on as job {ran.job}; Ctrl-C leaves it running.")
            return await _followed(prints(connection, live, ran.job))
        else:
            _show_result(ran)
    return ran.exit_code or 0


def _show_result(ran: sandbox.CommandResult) -> None:
    print(printable(ran.stdout), end="", flush=True)
    print(printable(ran.stderr), end="", file=sys.stderr, flush=True)
    if ran.note:
        remark(ran.note)
    for back in ran.files:
        remark(f"Handed back: {back.name} ({readable_size(back.size)}); `daimon files get {back.name}` fetches it")


async def _followed(items: AsyncGenerator[Item, None]) -> int:
    async for item in items:
        if isinstance(item, Printed):
            print(printable(item.text), end="", file=sys.stderr if item.stream == "err" else sys.stdout, flush=True)
        elif isinstance(item, Over):
            if item.note:
                remark(item.note)
            return item.exit_code
    return 1


async def _jobs(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(jobs.JOBS, jobs.ListJobs())
    if arguments.json:
        show_json(found.jobs)
        return 0
    rows = [
        (job.id, job.state, "" if job.exit_code is None else job.exit_code, round(job.seconds), job.command or job.kind)
        for job in found.jobs
    ]
    print("\n".join(table(("job", "state", "code", "seconds", "command"), rows)) if rows else found.sentence)
    return 0


async def _output(connection: Connection, arguments: argparse.Namespace) -> int:
    caller = connection.caller
    if arguments.follow:
        async with connection.bus.feed(jobs.PRINTS).follow(caller.user, caller.conversation) as live:
            return await _followed(prints(connection, live, arguments.job))
    offset, more = 0, True
    while more:
        read = await connection.call(jobs.OUTPUT, jobs.ReadOutput(job=arguments.job, offset=offset))
        print(printable(read.stdout), end="")
        print(printable(read.stderr), end="", file=sys.stderr)
        offset, more = read.next, read.more
    if read.sentence:
        remark(read.sentence)
    return 0


async def _stop(connection: Connection, arguments: argparse.Namespace) -> int:
    reply = await connection.call(jobs.STOP, jobs.StopJob(job=arguments.job, signal=arguments.signal))
    print(printable(reply.sentence))
    return 0


async def _input(connection: Connection, arguments: argparse.Namespace) -> int:
    text = " ".join(arguments.text) + "\n" if arguments.text else "" if arguments.end else sys.stdin.read()
    if len(text) > jobs.INPUT_LIMIT:
        raise CommandError(f"That is more than {jobs.INPUT_LIMIT} characters; put it in a file with `daimon upload`.")
    await connection.call(jobs.INPUT, jobs.GiveInput(job=arguments.job, text=text, end=arguments.end))
    return 0


async def _files(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(boxes.FILES, boxes.ListFiles(folder=arguments.folder), timeout=PATIENCE)
    if arguments.json:
        show_json(found.files)
        return 0
    for file in found.files:
        print(printable(f"{readable_size(file.size):>10}  {file.path}"))
    remark(found.sentence)
    return 0


async def _read(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(boxes.READ, boxes.ReadFile(path=arguments.path, lines=10_000), timeout=PATIENCE)
    print(printable(found.text), end="")
    if found.sentence:
        remark(found.sentence)
    return 0


async def _network(connection: Connection, arguments: argparse.Namespace) -> int:
    request = boxes.SetNetwork(mode=arguments.mode, hosts=tuple(arguments.hosts))
    print(printable((await connection.call(boxes.NETWORK, request)).sentence))
    return 0


async def _shell(connection: Connection, arguments: argparse.Namespace) -> int:
    del arguments
    return await shell(connection)


VERBS: tuple[tuple[str, str, Work, tuple[str, ...]], ...] = (
    ("shell", "open a terminal into it", _shell, ()),
    ("run", "run a command in it", _run, ("command",)),
    ("jobs", "list the commands that go on, and those that went on", _jobs, ()),
    ("output", "show what a job has printed", _output, ("job", "follow")),
    ("stop", "stop a job, or signal it", _stop, ("job", "signal")),
    ("input", "type something to a job", _input, ("job", "text")),
    ("files", "list its files", _files, ("folder",)),
    ("read", "show a file", _read, ("path",)),
    ("network", "say what it may reach", _network, ("mode",)),
)
"""Each verb with its line of help, what it does, and what it takes."""
