"""Notes of the jobs that go on: found by the next service on the same machine, and by nobody while theirs lives."""

from __future__ import annotations

from pathlib import Path

from proto.base import Caller
from proto.events import Event, happened
from proto.jobs import JobStarted
from services.sandbox.open_jobs import OpenJobs

CALLER = Caller(user="ada", actor="model", conversation="talk")


def begun(notes: OpenJobs, job: str) -> Event:
    started = JobStarted(job=job, command="make")
    event = happened(started, CALLER)
    notes.note(event, started)
    return event


def jobs(notes: OpenJobs) -> list[str]:
    return [left.began.job for left in notes.left()]


def test_what_a_service_left_is_told_once_and_with_its_event(tmp_path: Path):
    first = OpenJobs(tmp_path)
    event = begun(first, "one")
    begun(first, "two")
    first.forget("two")
    first.close()
    (left,) = OpenJobs(tmp_path).left()
    assert (left.user, left.conversation, left.began.job, left.event) == ("ada", "talk", "one", event.id)
    assert jobs(OpenJobs(tmp_path)) == []
    assert list(tmp_path.iterdir()) == []


def test_the_jobs_of_a_service_that_lives_are_its_own(tmp_path: Path):
    living = OpenJobs(tmp_path)
    begun(living, "one")
    assert jobs(OpenJobs(tmp_path)) == []
    begun(living, "two")
    living.close()
    assert sorted(jobs(OpenJobs(tmp_path))) == ["one", "two"]


def test_the_jobs_of_another_machine_are_not_declared_lost_here(tmp_path: Path):
    there = OpenJobs(tmp_path, machine="there")
    begun(there, "one")
    there.close()
    assert jobs(OpenJobs(tmp_path)) == []
    assert jobs(OpenJobs(tmp_path, machine="there")) == ["one"]


def test_what_could_not_be_recorded_as_lost_is_told_again(tmp_path: Path):
    first = OpenJobs(tmp_path)
    begun(first, "one")
    first.close()
    telling = OpenJobs(tmp_path).left()
    next(telling)
    telling.close()
    assert jobs(OpenJobs(tmp_path)) == ["one"]


def test_a_note_that_was_cut_off_is_cleared_away(tmp_path: Path):
    first = OpenJobs(tmp_path)
    begun(first, "one")
    first.close()
    (folder,) = tmp_path.iterdir()
    (folder / "two").write_bytes(b"{")
    assert jobs(OpenJobs(tmp_path)) == ["one"]
    assert list(tmp_path.iterdir()) == []
