"""The forms: what a browser posts. With htmx the answer is what changed, without it the way back to the page."""

from __future__ import annotations

from typing import Literal, cast

from fastapi import Response

from proto import chat, choices, seen, ui, versions
from proto.choices import Worth
from proto.errors import Failure, Invalid
from services.gateway import message
from services.gateway.pages import pages, panes
from services.gateway.visit import Visit, posted, see_other

Again = Literal["edit", "regenerate", "continue"]


async def say(visit: Visit) -> Response:
    """Send a message. A refused one stays in the composer, whatever the browser can do."""
    form = await visit.form()
    try:
        return await _say(visit, message.said(form.get("text", ""), form.get("mode", "chat")), form.get("mode", "chat"))
    except Failure as failure:
        if visit.swaps:
            raise
        return await _refused(visit, form, failure)


async def _say(visit: Visit, said: message.Said, mode: str) -> Response:
    conversation = visit.conversation
    here = f"/chat/{conversation}"
    if said.text:
        request = chat.Send(conversation=conversation, text=said.text, mode=said.mode)
        await visit.call(chat.SEND, request, conversation=conversation)
    if not visit.swaps:
        return see_other(f"{here}?mode={said.mode}" if said.mode == "command" else here)
    response = await visit.changed(*((ui.Moded(mode=said.mode),) if said.mode != mode else ()))
    if said.text:
        response.headers["HX-Replace-Url"] = here
    return response


async def _refused(visit: Visit, form: dict[str, str], failure: Failure) -> Response:
    caller = visit.caller(visit.conversation)
    view = ui.ChatPage(
        frame=visit.frame(notice=failure.message),
        conversation=await panes.conversation(visit.gate.bus, caller),
        draft=form.get("text", ""),
        mode=pages.mode_of(form.get("mode", "")),
    )
    return await pages.chat_page(visit, view, status=failure.code)


async def stop(visit: Visit) -> Response:
    """Stop the answer that is being written."""
    conversation = visit.conversation
    await visit.call(chat.STOP, chat.Stop(conversation=conversation), conversation=conversation)
    return await visit.changed() if visit.swaps else see_other(f"/chat/{conversation}")


async def revise(visit: Visit) -> Response:
    """Ask an earlier question again, branch off after it, or turn to another version of it."""
    form, conversation, turn = await visit.form(), visit.conversation, visit.path("turn")
    wish = form.get("do", "")
    if wish in ("edit", "regenerate", "continue"):
        text = message.said(form.get("text", ""), "chat").text if wish == "edit" else ""
        again = versions.Revise(conversation=conversation, turn=turn, way=cast("Again", wish), text=text)
        await visit.call(versions.REVISE, again, conversation=conversation)
    elif form.get("show") or wish == "branch":
        chosen = versions.Select(conversation=conversation, turn=form.get("show") or turn, end=wish == "branch")
        await visit.call(versions.SELECT, chosen, conversation=conversation)
    elif wish in ("up", "down", "none"):
        return await _rate(visit, turn, cast("Worth", wish))
    elif wish == "unfold":
        await visit.call(seen.UNFOLD, seen.Unfold(conversation=conversation, turn=turn), conversation=conversation)
    else:
        raise Invalid("The page asked for something that cannot be done with a message. Reload it and try again.")
    return await visit.changed() if visit.swaps else see_other(f"/chat/{conversation}")


async def _rate(visit: Visit, turn: str, worth: Worth) -> Response:
    """Say what an answer was worth; the page that asked shows it."""
    await visit.call(choices.RATE, choices.Rate(turn=turn, worth=worth))
    if not visit.swaps:
        return see_other(f"/chat/{visit.conversation}")
    found = await panes.conversation(visit.gate.bus, visit.caller(visit.conversation), upto=turn, last=1)
    return await visit.changed(*(ui.Settled(exchange=each) for each in found.exchanges if each.turn == turn))


ROUTES = (
    posted("/chat/{conversation}", say),
    posted("/chat/{conversation}/stop", stop),
    posted("/chat/{conversation}/turns/{turn}", revise),
)
