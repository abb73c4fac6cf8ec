"""`daimon models`: the models of the server: list, get, remove, choose the one that answers and how it does."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import get_args

import msgspec

from daimon.connection import Connection
from daimon.terminal import add_again, add_json, add_person, on_bus, remark, show_json, table
from proto import embedding, events, insight, llm, models
from proto.base import Nothing
from proto.errors import Invalid
from proto.kinds import happening
from proto.models import ModelJob, Options
from services.runtime.bus import Interrupted

JOBS = get_args(ModelJob)
OPTIONS = "temperature=0.2 num_ctx=16384 think=false keep_alive=10m; NAME= alone takes one back"
ALLOWED = "model=NAME, temperature=0 to 2, num_ctx=512 or more, think=true or false, keep_alive=10m"
PATIENCE = 24 * 3600.0
"""Seconds that a download may take."""
LOADING = 60.0
"""Seconds that an engine may take to be loaded."""
VERBS = {
    "pull": "download a model; Ctrl-C stops it",
    "delete": "remove a model from the server",
    "use": "choose the model that answers, or that does another job",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    add_json(parser)
    add_person(parser)
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    verbs.add_parser("list", help="list the models that chat")
    for verb, line in VERBS.items():
        verb_parser = verbs.add_parser(verb, help=line)
        verb_parser.add_argument("model", help="such as llama3.2")
        if verb != "use":
            verb_parser.add_argument("--server", default="", metavar="URL", help="which of several Ollama servers")
    default = verbs.add_parser("default", help="let the configured model answer again, or do a job again")
    for verb_parser in (verbs.choices["use"], default):
        verb_parser.add_argument("--for", dest="job", choices=JOBS, default="answer", help="the job; answer without it")
    embed = verbs.add_parser(
        "embed", help="show what makes the vectors of search by meaning, or have another engine do it"
    )
    embed.add_argument("engine", nargs="?", default="", help="minilm, or ollama:NAME")
    options = verbs.add_parser("options", help="show or set how the model answers in one conversation")
    options.add_argument("--conversation", required=True, metavar="ID", help="which stands in the address of its page")
    options.add_argument("settings", nargs="*", metavar="NAME=VALUE", help=OPTIONS)
    for verb_parser in verbs.choices.values():
        add_again(verb_parser, "--json", "--home", "--user")


def run(arguments: argparse.Namespace) -> int:
    """Do it; return 0, or 130 when a download was stopped."""
    return on_bus(WORK.get(arguments.verb or "", _list), arguments)


async def _list(connection: Connection, arguments: argparse.Namespace) -> int:
    found = await connection.call(llm.MODELS, Nothing())
    if arguments.json:
        show_json(found)
        return 0
    if found.problem:
        remark(found.problem)
    rows = [(line.name, line.size // 1_000_000, line.server) for line in found.models]
    print("\n".join(table(("model", "MB", "server"), rows)))
    known = await connection.call(models.JOBS, Nothing())
    print()
    print("\n".join(table(("job", "model", ""), [(each.job, each.model, _why(each)) for each in known.jobs])))
    return 0


def _why(job: models.JobModel) -> str:
    """How it came that a model does a job."""
    how = "chosen" if job.chosen else "configured for it" if job.configured else ""
    return f"{how}; no server has it now" if job.missing else how


async def _pull(connection: Connection, arguments: argparse.Namespace) -> int:
    following = asyncio.create_task(_follow(connection, arguments.model))
    try:
        request = models.Pull(model=arguments.model, server=arguments.server)
        await connection.bus.call(models.PULL, request, caller=connection.caller, timeout=PATIENCE)
    except asyncio.CancelledError:
        await connection.call(models.CANCEL, models.CancelPull(model=arguments.model))
        remark("Stopped.")
        return 130
    finally:
        following.cancel()
    print(f"The model {arguments.model} is there.")
    return 0


async def _follow(connection: Connection, model: str) -> None:
    with suppress(Interrupted):
        async with connection.bus.follow(events.of_kind(models.PullProgressed.kind, connection.caller.user)) as live:
            async for event in live:
                what = happening(event)
                if isinstance(what, models.PullProgressed) and what.model == model:
                    remark(f"{what.percent} %")


async def _delete(connection: Connection, arguments: argparse.Namespace) -> int:
    await connection.call(models.DELETE, models.Delete(model=arguments.model, server=arguments.server))
    print(f"The model {arguments.model} is removed.")
    return 0


async def _use(connection: Connection, arguments: argparse.Namespace) -> int:
    model, job = getattr(arguments, "model", ""), arguments.job
    await connection.call(models.USE, models.UseModel(model=model, job=job))
    if job == "answer":
        print(f"{model or 'The configured model'} answers from now on.")
    elif model:
        print(f"{model} does every {job} from now on.")
    else:
        print(f"No other model is chosen for the job {job} now.")
    return 0


async def _embed(connection: Connection, arguments: argparse.Namespace) -> int:
    if arguments.engine:
        wanted = embedding.EmbedBy(engine=arguments.engine)
        await connection.bus.call(embedding.EMBED_BY, wanted, caller=connection.caller, timeout=LOADING)
        print(
            f"{arguments.engine} makes all vectors from now on; until everything is embedded anew, the old ones serve."
        )
        return 0
    found = await connection.call(insight.STANDING, Nothing())
    if arguments.json:
        show_json(found)
    elif found.coming:
        sofar = f"{found.coming} has made {found.made:,} of {found.vectors:,} vectors"
        print(f"{found.engine or 'No engine'} serves; {sofar}.")
    else:
        print(f"{found.engine or 'No engine'} serves, with {found.vectors:,} vectors.")
    return 0


async def _options(connection: Connection, arguments: argparse.Namespace) -> int:
    where = arguments.conversation
    options = await connection.call(models.OPTIONS, models.ReadOptions(conversation=where))
    if arguments.settings:
        wanted = changed(options, arguments.settings)
        options = await connection.call(models.SET_OPTIONS, models.SetOptions(conversation=where, options=wanted))
    if arguments.json:
        show_json(options)
    else:
        print(options.words() or "As everywhere: no options are set for this conversation.")
    return 0


def changed(options: Options, settings: Sequence[str]) -> Options:
    """Put what was typed to the options; raises Invalid."""
    known = msgspec.to_builtins(options)
    for setting in settings:
        name, sign, value = setting.partition("=")
        if not sign:
            raise Invalid(f"'{setting}' is no option: write NAME=VALUE, such as temperature=0.2.")
        known[name] = value or None
    try:
        return msgspec.convert(known, Options, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"{' '.join(settings)} cannot be set. What can: {ALLOWED}.") from error


WORK = {
    "pull": _pull,
    "delete": _delete,
    "use": _use,
    "default": _use,
    "embed": _embed,
    "options": _options,
}
