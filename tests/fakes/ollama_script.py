"""What the scripted Ollama server answers: replies, the models it has, and a script that acts on simple requests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec

Body = dict[str, Any]

Fault = Literal[
    "",
    "status",  # answers with an error status and Ollama's error JSON
    "hang",  # says nothing after `after` tokens and keeps the connection open
    "die",  # closes the connection in the middle of the answer after `after` tokens
    "broken_line",  # sends a line that is not JSON after `after` tokens
    "error_line",  # sends {"error": …} after `after` tokens, as Ollama does when memory runs out
]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """One scripted answer."""

    text: str | tuple[str, ...] = ""
    """Split into tokens at spaces when it is one string."""
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()
    """Tool calls: (name as the request offered it, arguments)."""
    thinking: str | tuple[str, ...] = ""
    fault: Fault = ""
    after: int = 0
    """Content tokens sent before the fault."""
    status: int = 500
    error: str = "llama runner process has terminated: exit status 2"
    rate: float = 0.0
    """Tokens a second; 0 is as fast as they go out."""
    reason: str = "stop"
    prompt_tokens: int = 0
    """0 means: about a quarter of the characters of the prompt."""
    stamped: bool = False
    """Write behind each token `@` and the microseconds of the monotonic clock, for whoever measures its way."""
    raw: bool = False
    """Send the text as it is, also where the request asked for JSON."""


class FakeModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model the server claims to have."""

    capabilities: tuple[str, ...] = ("completion", "tools")
    context: int = 8192
    family: str = "llama"
    continues: bool = False
    """Goes on with an assistant message that ends the prompt, as some templates make models do."""


Script = Callable[[Body], Reply]

_TOKENS = re.compile(r"\s*\S+|\s+$")


def tokens(text: str | tuple[str, ...]) -> tuple[str, ...]:
    """Split as a model would roughly: every word with the space before it."""
    return tuple(_TOKENS.findall(text)) if isinstance(text, str) else text


def offered(body: Body) -> set[str]:
    """Names of the tools a request offers, natively or as variants of its `format`."""
    names = {tool["function"]["name"] for tool in body.get("tools") or ()}
    held = body.get("format")
    for variant in held.get("anyOf", ()) if isinstance(held, dict) else ():
        names.add(variant["properties"].get("action", {}).get("const", ""))
    return names - {""}


def is_aside(body: Body) -> bool:
    """Tell a question beside the turns, for a title or a summary, by its rules."""
    first = (body.get("messages") or [{}])[0]
    return bool(re.match(r"You (?:name|summarise) conversations", str(first.get("content", ""))))


def last_said(body: Body, role: str = "user") -> str:
    """Content of the last message of that role."""
    said = [message for message in body.get("messages", ()) if message["role"] == role]
    return str(said[-1].get("content", "")) if said else ""


def held_text(reply: Reply) -> tuple[str, ...]:
    """Spell a reply as the JSON that the fallback's schema holds a model to, in tokens."""
    if reply.calls:
        name, arguments = reply.calls[0]
        return tokens(json.dumps({"action": name, "parameters": arguments}))
    return ('{"', "answer", '":', ' "', *(json.dumps(token)[1:-1] for token in tokens(reply.text)), '"}')


def begun(body: Body) -> str:
    """The beginning of the answer that a request ends with."""
    last = (body.get("messages") or [{"role": ""}])[-1]
    return str(last.get("content", "")) if last["role"] == "assistant" else ""


def trial(body: Body, model: FakeModel) -> Reply | None:
    """The reply to the trial whether a model continues, which no script is asked for."""
    start = begun(body)
    if not start.endswith("red, yellow and"):
        return None
    return Reply(text=" blue." if model.continues else f"{start} blue.")


def going_on(body: Body, reply: Reply, model: FakeModel) -> Reply:
    """A reply to a request that ends with the beginning of the answer: its rest, from a model that continues."""
    start, text = begun(body), "".join(tokens(reply.text))
    if not start or not model.continues or not text.startswith(start):
        return reply
    return msgspec.structs.replace(reply, text=_rest(tokens(reply.text), len(start)))


def _rest(said: tuple[str, ...], start: int) -> tuple[str, ...]:
    kept = []
    for token in said:
        kept.append(token[min(start, len(token)) :])
        start = max(0, start - len(token))
    return tuple(filter(None, kept))


def echo(body: Body) -> Reply:
    """Answer with the user's own words."""
    return Reply(text=f"You said: {last_said(body)}")


_ACTS = (
    (r"add (?P<title>.+?) to (?:my|the) (?:task |to-?do )?list", "tasks.add"),
    (r"(?:run|execute) (?P<command>.+)", "sandbox.run"),
    (r"(?:mark|tick) (?P<task>.+?) (?:as |off)?(?:done)?", "tasks.complete"),
    (r"(?:delete|remove) (?P<task>.+)", "tasks.delete"),
    (r"(?:what is on|show) my (?:task )?list", "tasks.list"),
    (r"search (?:for )?(?P<query>.+)", "memory.search"),
)
_RESULT = re.compile(r"Result of (?P<action>[\w.]+): (?P<result>.*)", re.DOTALL)


def act(body: Body) -> Reply:
    """Act on a few plain requests when the tool for it is offered, and report the result of a tool."""
    last = (body.get("messages") or [{"role": "user"}])[-1]
    held = _RESULT.match(str(last.get("content", "")))
    if last["role"] == "tool" or held:
        result = held["result"] if held else str(last["content"])
        return Reply(text=f"Done: {result[:200]}")
    said = last_said(body).strip().rstrip(".!?")
    names = {re.sub(r"[._]", ".", name): name for name in offered(body)}
    for pattern, action in _ACTS:
        found = re.fullmatch(pattern, said, re.IGNORECASE | re.DOTALL)
        if found and action in names:
            return Reply(calls=((names[action], found.groupdict()),))
    return echo(body)


def in_words(body: Body) -> Reply:
    """Act likewise, and say what came of it as a person would read it."""
    last = (body.get("messages") or [{"role": "user"}])[-1]
    if last["role"] != "tool":
        return act(body)
    found = json.loads(last["content"]) if str(last["content"]).startswith("{") else {}
    if found.get("stdout"):
        return Reply(text=f"It printed:\n\n```\n{found['stdout'].rstrip()}\n```")
    return Reply(text=f"{found.get('sentence') or last['content']}.")
