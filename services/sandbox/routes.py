"""The routing table of the sandbox: what answers each subject."""

from __future__ import annotations

from proto import boxes, forgetting, jobs, sandbox
from services.runtime.bus.serving import Routes
from services.sandbox.box_handlers import BoxHandlers
from services.sandbox.file_handlers import FileHandlers
from services.sandbox.handlers import Handlers
from services.sandbox.job_handlers import JobHandlers


def table(commands: Handlers, jobs_of: JobHandlers, files: FileHandlers, box: BoxHandlers) -> Routes:
    """What answers each subject."""
    return {
        sandbox.RUN: commands.run,
        sandbox.RECEIVE: commands.receive,
        jobs.JOBS: jobs_of.listed,
        jobs.OUTPUT: jobs_of.output,
        jobs.STOP: jobs_of.stop,
        jobs.INPUT: jobs_of.input,
        jobs.OPEN: jobs_of.open,
        jobs.RESIZE: jobs_of.resize,
        boxes.FILES: files.files,
        boxes.READ: files.read,
        boxes.WRITE: files.write,
        boxes.EDIT: files.edit,
        boxes.RESTORE: files.restore,
        boxes.NETWORK: box.network,
        boxes.DESCRIBE: box.describe,
        boxes.PREPARE: box.prepare,
        forgetting.ERASE_BOXES: box.erase,
    }
