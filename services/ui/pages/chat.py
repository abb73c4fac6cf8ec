"""The chat page, a conversation with the list of all and the tasks beside it; and the list on a page of its own."""

from __future__ import annotations

from proto.ui import ChatPage, ConversationsPage, Html
from services.ui.templating import page as render


def page(view: ChatPage) -> Html:
    """The whole page; the last turn, which can still change, is kept apart from those that cannot."""
    turns = view.conversation.exchanges
    panes = {"board": view.board, "lines": view.lines, "mode": view.mode, "marks": view.marks}
    return render("chat.html", frame=view.frame, view=view, settled=turns[:-1], recent=turns[-1:], **panes)


def conversations(view: ConversationsPage) -> Html:
    """All conversations."""
    return render("conversations.html", frame=view.frame, lines=view.lines)
