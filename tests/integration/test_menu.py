"""A large menu: the actions that fit are offered, the others are found, and either can be called."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from nats import micro

from proto import permissions
from proto.chat import Exchange, ToolUse
from proto.errors import Unavailable
from services.llm.menu.catalogue import Catalogue
from services.llm.menu.offering import SENT, Offering
from services.llm.vectors.minilm import MiniLM
from services.runtime.bus.discovery import EndpointInfo, ServiceInfo
from tests.fakes.ollama import Reply
from tests.support.answering import answering
from tests.support.menu import endpoints
from tests.support.strangers import on_the_menu, stranger

CASES = json.loads((Path(__file__).parent / "menu_cases.json").read_text())
RIGHT = 0.97


@pytest.fixture(scope="module")
async def minilm(models_dir):
    engine = MiniLM(Path(models_dir))
    yield engine
    await engine.aclose()


class Away:
    """An embedding engine that cannot be had."""

    async def embed(self, _texts):
        raise Unavailable


def metadata(action) -> dict[str, str]:
    said = {"action": action["name"], "description": action["description"]}
    return said | {"phrasings": json.dumps(action["phrasings"]), "risk": "read"}


def catalogue() -> Catalogue:
    """Our own actions and those of other programs, sixty in all."""
    found = Catalogue()
    others = [
        EndpointInfo(name=each["name"], subject=f"daimon.do.*.*.{each['name']}", metadata=metadata(each))
        for each in CASES["actions"]
    ]
    found.learn([ServiceInfo(name="all", id="1", endpoints=(*endpoints(), *others))])
    assert len(found.tools()) >= 60
    return found


def asked(text: str, **facts) -> Exchange:
    return Exchange(turn="t", time=datetime.now(UTC), asked=text, **facts)


async def test_the_right_action_is_among_those_that_are_offered(minilm, ada):
    offering = Offering(catalogue(), minilm)
    await offering.warm()
    missed = []
    for number, (text, action) in enumerate(CASES["said"]):
        caller = type(ada)(user=ada.user, conversation=str(number))
        offered = await offering.offer(caller, asked(text), (), 8192)
        assert len(offered) <= SENT
        if action not in [tool.name for tool in offered]:
            missed.append((text, action))
    assert 1 - len(missed) / len(CASES["said"]) >= RIGHT, missed


async def test_a_large_menu_that_is_new_is_chosen_from_by_words_at_once(minilm, ada):
    offered = await Offering(catalogue(), minilm).offer(ada, asked("play some jazz music"), (), 8192)
    assert len(offered) <= SENT
    assert "music.play" in [tool.name for tool in offered]


async def test_without_the_engine_words_alone_still_choose(ada):
    offered = await Offering(catalogue(), Away()).offer(ada, asked("play some jazz music"), (), 8192)
    assert len(offered) <= SENT
    assert "music.play" in [tool.name for tool in offered]


async def test_what_was_used_lately_is_offered_on(minilm, ada):
    offering = Offering(catalogue(), minilm)
    await offering.warm()
    before = asked("x", tools=(ToolUse(call="1", action="git.log", arguments="{}", ok=True, result="{}"),))
    offered = await offering.offer(ada, asked("what is the weather in Rome?"), (before,), 8192)
    assert {"git.log", "weather.now", "actions.search"} <= {tool.name for tool in offered}


async def test_a_question_that_the_offered_actions_fit_changes_nothing_of_the_prompt(minilm, ada):
    offering = Offering(catalogue(), minilm)
    await offering.warm()
    first = await offering.offer(ada, asked("what is the weather in Rome?"), (), 8192)
    again = await offering.offer(ada, asked("what is the weather in Oslo?"), (), 8192)
    other = await offering.offer(ada, asked("commit my changes"), (), 8192)
    assert first == again
    assert "git.commit" in [tool.name for tool in other]


async def test_a_small_menu_is_offered_as_a_whole_where_the_context_has_room(minilm, ada):
    small = Catalogue()
    small.learn([ServiceInfo(name="all", id="1", endpoints=endpoints()[:6])])
    assert await Offering(small, minilm).offer(ada, asked("x"), (), 8192) == small.tools()


@contextlib.asynccontextmanager
async def home(nats, talking):
    """A program with fifty actions nobody knows."""
    url = nats.let_in("home", permissions.program("home", talking.caller.user, "home"))

    async def done(request):
        await request.respond(json.dumps({"sentence": f"Did {request.subject}"}).encode())

    async with stranger(url) as client:
        service = await micro.add_service(client, name="home", version="1.0.0")
        for number in range(50):
            said = {"action": f"home.gadget{number}", "description": f"Start gadget {number}.", "risk": "change"}
            await service.add_endpoint(
                name=f"gadget{number}", subject=f"daimon.do.*.*.home.gadget{number}", handler=done, metadata=said
            )
        await service.add_endpoint(
            name="fountain",
            subject="daimon.do.*.*.home.fountain",
            handler=done,
            metadata={
                "action": "home.fountain",
                "description": "Let the fountain in the garden run.",
                "risk": "change",
            },
        )
        assert len((await on_the_menu(talking.bus, "home.fountain")).actions) >= 60
        yield
        await service.stop()


def names(body) -> list[str]:
    return [tool["function"]["name"] for tool in body["tools"]]


async def test_a_model_is_offered_a_part_of_sixty_actions_and_finds_the_rest(own_nats, models_dir, ada):
    def script(body):
        results = [message for message in body["messages"] if message["role"] == "tool"]
        if not results:
            return Reply(calls=(("actions_search", {"query": "let the water in the garden run"}),))
        return Reply(calls=(("home_fountain", {}),)) if len(results) == 1 else Reply(text="It runs.")

    async with answering(own_nats, models_dir, ada, script) as talking, home(own_nats, talking):
        heard = await talking.say("start gadget 7 and gadget 8")
        first, second, _ = talking.model.chats
    assert len(names(first)) <= SENT
    assert "home_fountain" not in names(first)
    assert "actions_search" in names(first)
    assert "home_fountain" in names(second)
    assert [tool.ok for tool in heard.tools] == [True, True]
    found = json.loads(heard.tools[0].result)["actions"]
    assert found[0]["name"] == "home.fountain"
    assert "schema" in found[0]
    assert heard.tools[1].result == '{"sentence": "Did daimon.do.' + f'{ada.user}.model.home.fountain"}}'


async def test_an_action_that_was_not_offered_can_still_be_called_by_its_name(own_nats, models_dir, ada):
    replies = iter([Reply(calls=(("home_fountain", {}),)), Reply(text="It runs.")])
    async with answering(own_nats, models_dir, ada, lambda body: next(replies)) as talking, home(own_nats, talking):
        heard = await talking.say("start gadget 7 and gadget 8")
    assert [(tool.action, tool.ok) for tool in heard.tools] == [("home_fountain", True)]


async def test_the_reflex_knows_the_whole_menu(own_nats, models_dir, ada):
    async with answering(own_nats, models_dir, ada, ollama="off") as talking, home(own_nats, talking):
        heard = await talking.say("add buy milk to my list")
    assert [tool.action for tool in heard.tools] == ["tasks.add"]
