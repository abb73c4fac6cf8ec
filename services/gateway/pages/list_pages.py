"""The list of conversations in a browser: its page, its pieces, and what is done with a conversation in it."""

from __future__ import annotations

from fastapi import Response
from msgspec.structs import replace

from proto import forgetting, marks, ui
from proto.errors import Invalid
from proto.marks import Marked
from proto.ui_list import Found, Further, Lined
from services.gateway.pages import lines
from services.gateway.visit import Visit, opened, posted, see_other

LIST = "/conversations"
FORGET_SECONDS = 60.0


async def conversations(visit: Visit) -> Response:
    """The list, or what htmx asks for of it: what matches what is typed, or its next piece."""
    names = ("shelf", "q", "tag", "before", "before_id")
    piece = lines.wanted(*map(visit.query, names))
    found = await lines.lines(visit.gate.bus, visit.caller(), piece)
    found = replace(found, full=bool(visit.query("full")) or not visit.swaps)
    if visit.swaps:
        change = Further(lines=found) if piece.before else Found(lines=found)
        return await visit.changed(change, path=LIST)
    return await visit.page(ui.CONVERSATIONS, ui.ConversationsPage(frame=visit.frame(), lines=found))


async def mark(visit: Visit) -> Response:
    """Pin, archive, tag or delete a conversation, or take that back."""
    conversation = visit.conversation
    form = await visit.form()
    await _marked(visit, conversation, form)
    back = await visit.back()
    if not visit.swaps:
        return see_other(back if back != "/" else f"/chat/{conversation}")
    if back != LIST:
        # The open conversation hears of it by its live stream, as every page that shows the list does.
        return await visit.changed()
    found = await lines.line(visit.gate.bus.journal, visit.user, conversation)
    if found is None:
        return await visit.changed()
    place = lines.placed(found, form.get("shelf", "open"))
    return await visit.changed(Lined(line=found, place=place, full=True), path=LIST)


async def _marked(visit: Visit, conversation: str, form: dict[str, str]) -> Marked:
    match form.get("do", ""):
        case "pin" | "unpin" as wish:
            return await visit.call(marks.PIN, marks.Pin(conversation=conversation, pinned=wish == "pin"))
        case "archive" | "unarchive" as wish:
            wanted = marks.Archive(conversation=conversation, archived=wish == "archive")
            return await visit.call(marks.ARCHIVE, wanted)
        case "delete" | "restore" as wish:
            return await visit.call(marks.DELETE, marks.Delete(conversation=conversation, deleted=wish == "delete"))
        case "label":
            label = marks.Label(conversation=conversation, tags=_tags(form.get("tags", "")))
            return await visit.call(marks.LABEL, label)
    raise Invalid("The page asked for something that cannot be done with a conversation. Reload it and try again.")


def _tags(text: str) -> tuple[str, ...]:
    found = tuple(filter(None, (" ".join(tag.split()) for tag in text.split(","))))
    if len(found) > marks.TAGS or any(len(tag) > marks.TAG_LIMIT for tag in found):
        raise Invalid(f"A conversation has at most {marks.TAGS} tags of {marks.TAG_LIMIT} characters each.")
    return found


async def forget(visit: Visit) -> Response:
    """Erase a conversation for good."""
    wanted = forgetting.Forget(conversation=visit.conversation)
    await visit.call(forgetting.FORGET, wanted, timeout=FORGET_SECONDS)
    return see_other("/")


ROUTES = (
    opened(LIST, conversations),
    posted("/chat/{conversation}/marks", mark),
    posted("/chat/{conversation}/forget", forget),
)
