"""The reflex without an engine that knows meaning."""

from __future__ import annotations

import json
from collections.abc import Sequence

from proto.errors import Unavailable
from services.llm.models.model import Finished, Message, Part, Prompt, TextPart, ToolCall
from services.llm.reflex.nearest import MARGIN, WHOLE, Scored, choose
from services.llm.reflex.phrases import Match
from services.llm.reflex.reflex import Quote, Reflex
from tests.fakes.embedder import Broken, WordCounts
from tests.support.menu import menu

MENU = menu()


def asked(*messages: Message) -> Prompt:
    return Prompt(messages=messages, tools=MENU, num_ctx=1)


def user(text: str) -> Message:
    return Message(role="user", content=text)


async def parts(reflex: Reflex, *messages: Message) -> list[Part]:
    return [part async for part in reflex.reply(asked(*messages))]


async def answer(reflex: Reflex, *messages: Message) -> str:
    text, finished = await parts(reflex, *messages)
    assert isinstance(text, TextPart)
    assert isinstance(finished, Finished)
    return text.text


async def remember(said: str) -> Sequence[Quote]:
    return (Quote(event="0192-a", time="today", sentence=f"Added task '[{said}]'"),)


async def forget(_: str) -> Sequence[Quote]:
    raise Unavailable("Memory is not running.")


async def test_a_plain_request_is_acted_on_without_the_engine() -> None:
    engine = WordCounts()
    call, finished = await parts(Reflex(engine), user("Please add buy milk to my list."))
    assert isinstance(call, ToolCall)
    assert (call.action, call.arguments) == ("tasks.add", {"title": "buy milk"})
    assert isinstance(finished, Finished)
    assert engine.asked == []


async def test_phrasings_are_embedded_once_and_shared_by_those_who_quote_another_memory() -> None:
    engine = WordCounts()
    reflex = Reflex(engine)
    await reflex.warm(MENU)
    before = len(engine.asked)
    await answer(reflex.quoting(remember), user("tell me a story"))
    assert set(engine.asked[before:]) == {"tell me a story"}


async def test_a_paraphrase_is_acted_on_by_its_meaning() -> None:
    engine = WordCounts()
    reflex = Reflex(engine)
    await reflex.warm(MENU)
    before = len(engine.asked)
    call = await reflex.choose(asked(user("squeeze eggs down on my list")))
    assert call is not None
    assert (call.action, call.arguments) == ("tasks.add", {"title": "eggs"})
    assert len(engine.asked) - before <= 3, "each text more costs the user 4 ms"


async def test_what_is_not_recognised_is_answered_from_memory_with_links() -> None:
    text = await answer(Reflex(WordCounts(), remember), user("why is the sky blue"))
    assert "No language model is attached" in text
    assert "[Added task '\\[why is the sky blue\\]'](/timeline/0192-a) (today)" in text
    assert "ollama pull" in text
    assert "You can say, for example: “" in text


async def test_what_could_be_said_is_what_comes_nearest() -> None:
    text = await answer(Reflex(WordCounts()), user("my list has too many notes"))
    offered = text.partition("You can say, for example: ")[2]
    assert offered.startswith("“what is on my list”")
    assert "run something" not in offered


async def test_who_asks_what_can_be_done_is_told() -> None:
    for said in ("help", "What can you do?", "what can I say"):
        text = await answer(Reflex(WordCounts()), user(said))
        assert "- “add something to my list”" in text
        assert "- “run something”" in text
        assert "ollama pull" in text


async def test_a_question_is_told_from_a_wish() -> None:
    assert (await answer(Reflex(WordCounts()), user("who painted it?"))).startswith("I cannot answer that in words of")
    assert (await answer(Reflex(WordCounts()), user("paint it black"))).startswith("I did nothing with that.")


async def test_a_refusal_says_when_memory_is_not_there() -> None:
    assert "Memory is not running." in await answer(Reflex(WordCounts(), forget), user("hm"))


async def test_without_the_engine_plain_requests_still_work() -> None:
    reflex = Reflex(Broken())
    call, _ = await parts(reflex, user("run uname -a"))
    assert isinstance(call, ToolCall)
    assert "No language model" in await answer(reflex, user("scribble eggs on my list"))


async def test_without_a_menu_nothing_is_done() -> None:
    prompt = Prompt(messages=(user("add milk to my list"),), num_ctx=1)
    assert await Reflex(WordCounts()).choose(prompt) is None


async def told(*results: str) -> str:
    messages = (Message(role="tool", name="tasks.add", content=result) for result in results)
    return await answer(Reflex(WordCounts()), user("add milk to my list"), Message(role="assistant"), *messages)


async def test_a_result_is_told_by_its_sentence_with_a_link_to_its_event() -> None:
    assert (
        await told('{"sentence": "Added task \'milk\'", "event": "0192-b"}') == "[Added task 'milk'](/timeline/0192-b)"
    )
    assert await told('{"sentence": "Done <b>now</b>"}') == "Done \\<b\\>now\\</b\\>"


async def test_what_a_command_printed_stands_in_code_blocks() -> None:
    result = {"exit_code": 2, "stdout": "a ``` b\n", "stderr": "oh no", "seconds": 0.1, "sentence": ""}
    assert await told(json.dumps(result)) == (
        "````\na ``` b\n````\n\nOn stderr:\n```\noh no\n```\n\nIt ended with exit code 2."
    )


async def test_lists_are_told_in_order() -> None:
    tasks = [{"title": "milk", "position": 1, "done": True}, {"title": "b*d", "position": 2, "done": False}]
    assert await told(json.dumps({"tasks": tasks})) == "1. ~~milk~~\n2. b\\*d"
    hits = [{"event": "e 1", "sentence": "Added task 'milk'"}]
    assert await told(json.dumps({"hits": hits})) == "- [Added task 'milk'](/timeline/e%201)"
    assert await told('{"hits": []}') == "Nothing was found."
    assert (
        await told('{"exit_code": 0, "stdout": "\\n", "stderr": "", "files": []}')
        == "It printed nothing, and ended well."
    )
    many = await told(json.dumps({"tasks": [{"title": str(number)} for number in range(25)]}))
    assert many.endswith("… and 5 more")


async def test_errors_and_other_results_are_told_as_they_are() -> None:
    assert await told("No task matches 'milk'.") == "No task matches 'milk'."
    assert await told('{"error": "no such task"}') == "That did not work: no such task"
    assert await told('{"x": 1}') == '```json\n{"x": 1}\n```'
    assert await told("[1, 2]") == "```json\n[1, 2]\n```"
    assert await told('{"stdout": "cut in the mid') == '```\n{"stdout": "cut in the mid\n```'
    assert await told("First.", "Second.") == "First.\n\nSecond."


def scored(*pairs: tuple[str, float]) -> list[Scored]:
    return [Scored(match=Match(action=action, arguments={}, neutral=""), score=score) for action, score in pairs]


def test_an_action_is_chosen_only_when_it_is_near_and_no_other_is_as_near() -> None:
    chosen = choose(scored(("a", WHOLE), ("a", WHOLE), ("b", WHOLE - MARGIN - 0.01)))
    assert chosen is not None
    assert chosen.action == "a"
    assert choose(scored(("a", WHOLE), ("b", WHOLE - MARGIN / 2))) is None
    assert choose(scored(("a", WHOLE - 0.01))) is None
    assert choose([]) is None
