"""What the llm service answers about jobs: which model does each, and another for one."""

from __future__ import annotations

from proto import models
from proto.base import Caller, Nothing
from proto.models import JobModel, JobModels, ModelJob, UseModel
from services.llm.choices.choices import Choices
from services.llm.choices.jobs import JOBS
from services.llm.engines import Engines
from services.llm.models.ollama import full_name
from services.runtime.bus import Routes


class Assigning:
    """One method a subject. The broker lets nobody but a person's own clients ask."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines

    def routes(self) -> Routes:
        """The calls with what answers them."""
        return {models.USE: self.use, models.JOBS: self.jobs}

    async def use(self, request: UseModel, caller: Caller) -> UseModel:
        """Choose the model that does a job."""
        if request.model:
            await self._engines.check(request.model)
        before = (await self._engines.chosen.read(caller.user)).models.get(request.job, "")
        if request.model == before:
            return request
        chosen = models.ModelChosen(model=request.model, job=request.job, before=before)
        await self._engines.chosen.choose(chosen, caller)
        return request

    async def jobs(self, _request: Nothing, caller: Caller) -> JobModels:
        """Say which model does each job."""
        choices, found = await self._engines.chosen.read(caller.user), await self._engines.models()
        there = {full_name(line.name) for line in found.models}
        return JobModels(jobs=tuple(self._job(job, choices, there, caller) for job in JOBS))

    def _job(self, job: ModelJob, choices: Choices, there: set[str], caller: Caller) -> JobModel:
        aside = self._engines.aside(job, caller, choices)
        named = choices.models.get(job, ""), self._engines.configured.get(job, "")
        missing = bool(aside.wanted) and full_name(aside.wanted) not in there
        return JobModel(job=job, model=aside.name, chosen=named[0], configured=named[1], missing=missing)
