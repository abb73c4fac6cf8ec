"""Undo of what is no task: names, options, choices, rules, recording, files and the network of a box."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from msgspec.structs import replace

from proto import approvals, boxes, chat, choices, errors, forgetting, models, sandbox, titles, undo
from proto.base import Nothing
from services.runtime.bus import Bus
from services.sandbox.main import serve as serve_sandbox
from services.sandbox.settings import SandboxSettings
from services.undo.main import serve
from services.undo.settings import UndoSettings
from tests.fakes.ollama import Reply
from tests.support.answering import answering
from tests.support.running import running

PATIENCE = 30.0


class Person:
    """Somebody who changes things and takes them back."""

    def __init__(self, bus: Bus, caller) -> None:
        self.bus = bus
        self.caller = replace(caller, conversation="home")

    async def call(self, call, request):
        return await self.bus.call(call, request, caller=self.caller, timeout=PATIENCE)

    async def undo(self) -> str:
        return (await self.call(undo.LAST, undo.UndoLast())).sentence

    async def redo(self) -> str:
        return (await self.call(undo.REDO, undo.Redo())).sentence

    async def goes_back_and_forth(self, state, *changes) -> None:
        """Make changes, undo all of them, and do all of them again; each step must be seen in the state."""
        states = [await state()]
        for call, request in changes:
            await self.call(call, request)
            states.append(await state())
            assert states[-1] != states[-2]
        for before in reversed(states[:-1]):
            await self.undo()
            assert await state() == before
        for after in states[1:]:
            await self.redo()
            assert await state() == after


@pytest.fixture
async def person(own_nats, models_dir, ada):
    async with (
        answering(own_nats, models_dir, ada, lambda _: Reply(text="Fine.")) as talk,
        Bus.open(own_nats.settings("undo"), "undo") as bus,
        running(serve, UndoSettings(), bus),
    ):
        heard = await talk.say("Where does gardenia grow?")
        person = Person(talk.bus, talk.caller)
        person.turn = heard.turn
        yield person


async def test_a_conversation_gets_its_name_back(person):
    async def name():
        return (await person.call(titles.EXPORT, titles.Export(conversation="home"))).name

    # Before the model thinks of one.
    await person.call(titles.RENAME, titles.Rename(conversation="home", title="Plants"))
    rename = [(titles.RENAME, titles.Rename(conversation="home", title=title)) for title in ("Flowers", "Shrubs")]
    await person.goes_back_and_forth(name, *rename)


async def test_options_of_a_conversation_go_back(person):
    async def options():
        return await person.call(models.OPTIONS, models.ReadOptions(conversation="home"))

    wanted = [models.Options(temperature=0.5), models.Options(think=False)]
    changes = [(models.SET_OPTIONS, models.SetOptions(conversation="home", options=each)) for each in wanted]
    await person.goes_back_and_forth(options, *changes)


async def test_instructions_ratings_the_filter_and_the_model_go_back(person):
    async def chosen():
        return (
            await person.call(choices.FILTER, Nothing()),
            await person.call(choices.WAKING, Nothing()),
            [each for each in (await person.call(choices.INSTRUCTIONS, Nothing())).versions if each.used],
            [each.chosen for each in (await person.call(models.JOBS, Nothing())).jobs],
            (await person.call(chat.READ, chat.Read(conversation="home"))).exchanges[0].worth,
        )

    pattern = choices.Pattern(name="code", words="open sesame")
    await person.goes_back_and_forth(
        chosen,
        (choices.EDIT, choices.EditInstruction(job="system", text="You are a pirate.")),
        (choices.SET_FILTER, choices.Filter(patterns=(pattern,))),
        (choices.SET_WAKING, choices.Waking(on=False)),
        (choices.USE, choices.UseInstruction(job="system", number=0)),
        (choices.RATE, choices.Rate(turn=person.turn, worth="up")),
    )


async def test_rules_of_actions_go_back_to_what_they_were_and_to_none(person):
    async def rule():
        listed = (await person.call(approvals.LIST, Nothing())).rules
        return [(each.rule, each.chosen, each.foreign) for each in listed if each.action == "tasks.add"]

    await person.goes_back_and_forth(
        rule,
        (approvals.SET, approvals.SetRule(action="tasks.add", rule="deny")),
        (approvals.SET, approvals.SetRule(action="tasks.add", rule="ask", foreign=True)),
        (approvals.SET, approvals.SetRule(action="tasks.add", rule="default")),
    )


async def test_the_model_does_not_take_back_what_is_a_persons_to_choose(person, own_nats):
    await person.call(approvals.SET, approvals.SetRule(action="tasks.delete", rule="deny"))
    async with Bus.open(own_nats.settings("llm"), "llm") as model:
        with pytest.raises(errors.Refused, match="is for a person to take back"):
            await model.call(undo.LAST, undo.UndoLast(), caller=replace(person.caller, actor="model"))
    listed = (await person.call(approvals.LIST, Nothing())).rules
    assert [each.rule for each in listed if each.action == "tasks.delete"] == ["deny"]


@pytest.fixture
async def worker(own_nats, ada, tmp_path: Path):
    async with contextlib.AsyncExitStack() as stack:
        buses = {
            name: await stack.enter_async_context(Bus.open(own_nats.settings(name), name))
            for name in ("cli", "undo", "sandbox", "llm")
        }
        await stack.enter_async_context(running(serve_sandbox, SandboxSettings(home=str(tmp_path)), buses["sandbox"]))
        await stack.enter_async_context(running(serve, UndoSettings(), buses["undo"]))
        worker = Person(buses["cli"], ada)
        worker.model = buses["llm"]
        yield worker


async def test_files_of_the_box_go_back_to_what_they_held_and_to_nothing(worker):
    async def held():
        run = sandbox.Run(command="cat notes.txt; ls -A")
        return (await worker.call(sandbox.RUN, run)).stdout

    await worker.call(boxes.NETWORK, boxes.SetNetwork(mode="off"))
    await worker.goes_back_and_forth(
        held,
        (boxes.WRITE, boxes.WriteFile(path="notes.txt", text="one\n")),
        (boxes.WRITE, boxes.WriteFile(path="notes.txt", text="two\n")),
        (boxes.EDIT, boxes.EditFile(path="notes.txt", old="two", new="three")),
    )


async def test_a_file_that_was_changed_since_stays_as_it_is(worker):
    await worker.call(boxes.WRITE, boxes.WriteFile(path="notes.txt", text="one\n"))
    await worker.call(sandbox.RUN, sandbox.Run(command="echo mine >> notes.txt"))
    with pytest.raises(errors.Refused, match="was changed since by something else, so it stays as it is"):
        await worker.undo()
    read = await worker.call(boxes.READ, boxes.ReadFile(path="notes.txt"))
    assert read.text == "one\nmine\n"


async def test_the_network_goes_back_for_a_person_and_not_for_the_model(worker):
    async def network():
        return (await worker.call(boxes.DESCRIBE, Nothing())).network

    await worker.goes_back_and_forth(
        network,
        (boxes.NETWORK, boxes.SetNetwork(mode="allow-list", hosts=("example.org",))),
        (boxes.NETWORK, boxes.SetNetwork(mode="off")),
    )
    with pytest.raises(errors.Refused, match="is for a person to take back"):
        await worker.model.call(undo.LAST, undo.UndoLast(), caller=replace(worker.caller, actor="model"))
    assert (await network()).mode == "off"


pytest_plugins = ("tests.integration.memory_fixtures",)


async def test_recording_goes_on_when_its_pause_is_undone(daimon, ada):
    async with Bus.open(daimon.nats.settings("undo"), "undo") as bus, running(serve, UndoSettings(), bus):
        await daimon.cli.call(forgetting.PAUSE, forgetting.PauseRecording(), caller=ada)
        undone = await daimon.cli.call(undo.LAST, undo.UndoLast(), caller=ada)
        assert undone.sentence == "Undid: Paused recording what Daimon can do without"
        await daimon.cli.call(undo.REDO, undo.Redo(), caller=ada)
        last = await daimon.cli.journal.last(f"daimon.record.{ada.user}.recording.>")
        assert last.event.kind == "recording.paused"
