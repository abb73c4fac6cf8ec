"""The routing table of the sandbox: what answers each subject."""

from __future__ import annotations

from proto import jobs, sandbox
from services.runtime.bus.serving import Routes
from services.sandbox.handlers import Handlers
from services.sandbox.job_handlers import JobHandlers


def table(handlers: Handlers, jobs_of: JobHandlers) -> Routes:
    """What answers each subject."""
    return {
        sandbox.RUN: handlers.run,
        sandbox.RECEIVE: handlers.receive,
        jobs.JOBS: jobs_of.listed,
        jobs.OUTPUT: jobs_of.output,
        jobs.STOP: jobs_of.stop,
        jobs.INPUT: jobs_of.input,
        jobs.OPEN: jobs_of.open,
        jobs.RESIZE: jobs_of.resize,
    }
