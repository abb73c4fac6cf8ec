"""The settings pages about the model: what it may do, how it is instructed, which one does what, what is held back."""

from __future__ import annotations

import asyncio
from typing import TypeVar, get_args

import msgspec
from fastapi import Response
from msgspec.structs import replace

from proto import approvals, choices, llm, models, ui_settings
from proto.base import Nothing
from proto.choices import Job
from proto.errors import Failure, Invalid
from proto.models import ModelJob
from services.gateway.pages import panes
from services.gateway.pages.patience import soon
from services.gateway.visit import Visit, opened, posted, see_other

Q = TypeVar("Q", bound=msgspec.Struct)
JOBS: tuple[Job, ...] = get_args(Job)
MODEL_JOBS: tuple[ModelJob, ...] = get_args(ModelJob)
NUMBER_DIGITS = 6


async def rules(visit: Visit) -> Response:
    """What happens when the model calls each action; `q` finds some by their names."""
    wanted = visit.query("q").strip()
    view = ui_settings.ApprovalsPage(frame=visit.frame(), wanted=wanted)
    try:
        found = await visit.call(approvals.LIST, Nothing())
        chosen = tuple(rule for rule in found.rules if wanted.casefold() in rule.action.casefold())
        view = replace(view, rules=chosen, waiting=len(found.waiting))
    except Failure as failure:
        view = replace(view, problem=failure.message)
    return await visit.page(ui_settings.APPROVALS, view)


async def instructions(visit: Visit) -> Response:
    """One instruction, as it is or was."""
    return await _instructions(visit, _job(visit.query("job") or "system"))


async def instruct(visit: Visit) -> Response:
    """Write a new version of an instruction, use an older one, or go back to the text that Daimon comes with."""
    form, job = await visit.form(), _job(visit.path("job"))
    try:
        if "use" in form:
            number = _number(form["use"])
            await visit.call(choices.USE, choices.UseInstruction(job=job, number=number))
        else:
            await visit.call(choices.EDIT, _edited(job, form.get("text", "")))
    except Failure as failure:
        return await _instructions(visit, job, form.get("text"), failure)
    return see_other(f"/settings/instructions?job={job}")


async def models_page(visit: Visit) -> Response:
    """Which model does each job."""
    return await _models(visit)


async def use_model(visit: Visit) -> Response:
    """Choose the model that does a job."""
    form = await visit.form()
    job = form.get("job", "")
    try:
        if job not in MODEL_JOBS:
            raise Invalid(f"A model can be chosen for {', '.join(MODEL_JOBS)}.")
        wanted = checked(models.UseModel(model=form.get("model", "").strip(), job=job))
        await visit.call(models.USE, wanted)
    except Failure as failure:
        return await _models(visit, failure)
    return see_other("/settings/models")


async def content_filter(visit: Visit) -> Response:
    """What the content filter holds back."""
    return await _filter(visit)


async def change_filter(visit: Visit) -> Response:
    """Hold more words back, or some no more."""
    form = await visit.form()
    try:
        known = (await visit.call(choices.FILTER, Nothing())).patterns
        name = form.get("remove") or " ".join(form.get("name", "").split())
        kept = tuple(pattern for pattern in known if pattern.name != name)
        if "remove" not in form:
            words = form.get("words", "").strip()
            if len(kept) < len(known):
                raise Invalid(f"'{name}' is held back already; remove it first, or take another name.")
            kept = (*kept, checked(choices.Pattern(name=name, words=words)))
        await visit.call(choices.SET_FILTER, checked(choices.Filter(patterns=kept)))
    except Failure as failure:
        return await _filter(visit, form, failure)
    return see_other("/settings/filter")


def checked(request: Q) -> Q:
    """The request, if a service would take it; Invalid says what is wrong."""
    try:
        return msgspec.convert(msgspec.to_builtins(request), type(request))
    except msgspec.ValidationError as error:
        raise Invalid(f"That cannot be: {error}.") from error


async def _instructions(visit: Visit, job: Job, draft: str | None = None, failure: Failure | None = None) -> Response:
    frame = visit.frame(path="/settings/instructions", notice=failure.message if failure else "")
    view = ui_settings.InstructionsPage(frame=frame, job=job, draft=draft)
    try:
        found, counted = await asyncio.gather(visit.call(choices.INSTRUCTIONS, Nothing()), _counted(visit))
        versions = tuple(version for version in found.versions if version.job == job)
        used = next(version.number for version in versions if version.used)
        view = replace(
            view,
            versions=versions,
            counts=tuple(count for count in counted if count.job == job),
            shown=_one_of(versions, visit.query("version"), used),
            against=_one_of(versions, visit.query("against"), max(0, used - 1)),
        )
    except Failure as away:
        view = replace(view, problem=away.message)
    return await visit.page(ui_settings.INSTRUCTIONS, view, status=failure.code if failure else 200)


async def _counted(visit: Visit) -> tuple[choices.VersionCount, ...]:
    """What came of each version; nothing while memory, which counts it, is away."""
    try:
        return (await visit.call(choices.COUNTS, Nothing(), timeout=panes.TIMEOUT)).counts
    except Failure:
        return ()


async def _models(visit: Visit, failure: Failure | None = None) -> Response:
    frame = visit.frame(path="/settings/models", notice=failure.message if failure else "")
    view = ui_settings.ModelsPage(frame=frame)
    try:
        asked = asyncio.gather(
            visit.call(llm.MODELS, Nothing()), visit.call(models.JOBS, Nothing()), visit.call(llm.ENGINE, Nothing())
        )
        if answers := await soon(visit, asked):
            found, jobs, engine = answers
            view = replace(view, jobs=jobs.jobs, models=found.models, engine=engine, problem=found.problem)
        else:
            view = replace(view, coming=True)
    except Failure as away:
        view = replace(view, problem=away.message)
    return await visit.page(ui_settings.MODELS, view, status=failure.code if failure else 200)


async def _filter(visit: Visit, typed: dict[str, str] | None = None, failure: Failure | None = None) -> Response:
    typed = typed or {}
    frame = visit.frame(path="/settings/filter", notice=failure.message if failure else "")
    view = ui_settings.FilterPage(frame=frame, name=typed.get("name", ""), words=typed.get("words", ""))
    try:
        view = replace(view, patterns=(await visit.call(choices.FILTER, Nothing())).patterns)
    except Failure as away:
        view = replace(view, problem=away.message)
    return await visit.page(ui_settings.FILTER, view, status=failure.code if failure else 200)


def _edited(job: Job, text: str) -> choices.EditInstruction:
    # A browser ends the lines of a text with two characters.
    return checked(choices.EditInstruction(job=job, text=text.replace("\r\n", "\n")))


def _job(text: str) -> Job:
    if text not in JOBS:
        raise Invalid(f"There are instructions for {', '.join(JOBS)}.")
    return text


def _number(text: str) -> int:
    if not (text.isdecimal() and len(text) <= NUMBER_DIGITS):
        raise Invalid("A version is a number.")
    return int(text)


def _one_of(versions: tuple[choices.Version, ...], text: str, otherwise: int) -> int:
    """The version that an address names, if it is there."""
    known = {str(version.number): version.number for version in versions}
    return known.get(text, otherwise)


ROUTES = (
    opened("/settings/approvals", rules),
    opened("/settings/instructions", instructions, least="owner"),
    posted("/settings/instructions/{job}", instruct, least="owner"),
    opened("/settings/models", models_page),
    posted("/settings/models", use_model),
    opened("/settings/filter", content_filter),
    posted("/settings/filter", change_filter),
)
