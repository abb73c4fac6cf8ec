"""Every page and every live change: complete, harmless, and made of the same pieces."""

from __future__ import annotations

import re
from datetime import datetime
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import msgspec
import pytest

from proto import ui, ui_accounts, ui_list, ui_memory, ui_mind, ui_tasks, ui_timeline
from proto.chat import Conversation
from proto.tasks import Task
from tests.unit.ui.views import (
    TURN,
    board,
    event,
    every_change,
    every_page,
    exchange,
    frame,
    html,
    lines,
    live,
    tool,
    touch,
)

VOID = {"meta", "link", "input", "br", "hr", "circle"}
HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><iframe src=javascript:alert(1)>",
    "[a](javascript:alert(1)) ![b](http://evil.example/p.png)",
    '<div hx-get="/sign-out" hx-trigger="load">',
    '<p hx-swap-oob="true" id="board">',
    "{{ 7 * 7 }} {% raw %}",
    "</textarea></form><script>alert(1)</script>",
    "&lt;b&gt; &amp;#60;",
    "nul \0 return \r\n separator \u2028 end",
    "\u202egnp.exe\u202c",
)
ALLOWED_HANDLERS = {
    "hx-headers",
    "hx-ext",
    "hx-swap",
    "hx-swap-oob",
    "hx-post",
    "hx-get",
    "hx-sync",
    "hx-target",
    "hx-trigger",
    "hx-push-url",
    "hx-include",
    "hx-encoding",
    "hx-preserve",
    "hx-select",
}
TRIGGERS = {
    "change",
    "input changed delay:150ms, search",
    "focus, input changed delay:100ms",
    "change, submit",
    "intersect once",
    "every 2s",
    "every 5s",
}
"""What starts a request by itself; nothing else may, least of all what somebody wrote."""


class Outline(HTMLParser):
    """Reads HTML as a browser would and notes what it could run or load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.scripts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        found = {name: value or "" for name, value in attributes}
        if tag == "script":
            self.scripts.append(found.get("src", "inline"))
        self.ids += [found["id"]] if "id" in found else []
        self.attributes += [(tag, name, value) for name, value in found.items()]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes something else"


def outline(text: str) -> Outline:
    found = Outline()
    found.feed(text)
    found.close()
    assert not found.open, f"never closed: {found.open}"
    return found


def shape(text: str) -> list[tuple[str, str]]:
    """The tags of a page and the names of their attributes, whatever the texts in it are."""
    return [(tag, name) for tag, name, _ in outline(text).attributes]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_text_changes_no_tag_of_any_page(hostile):
    for name, page in every_page(hostile).items():
        found = outline(page)
        assert all(source.startswith("/static/") for source in found.scripts), name
        for tag, attribute, value in found.attributes:
            assert not attribute.startswith("on"), (name, tag, attribute)
            assert not attribute.startswith("hx-") or attribute in ALLOWED_HANDLERS, (name, tag, attribute)
            assert attribute != "style", (name, tag)
            assert attribute != "hx-trigger" or value in TRIGGERS, (name, tag, value)
            assert not (attribute in {"href", "src", "action"} and value.lower().startswith("javascript:")), name
        assert not [tag for tag in ("<iframe", "<img", "<object", "<base") if tag in page.lower()], name


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_text_stays_text_in_every_live_change(hostile):
    for change in every_change(hostile):
        found = outline(live(change))
        assert not found.scripts, change
        places = [value for _, name, value in found.attributes if name == "hx-swap-oob"]
        assert len(places) <= 3, change
        assert not [name for _, name, _ in found.attributes if name.startswith("on") or name == "style"]
        assert {value for _, name, value in found.attributes if name == "hx-trigger"} <= TRIGGERS, change


def test_texts_with_and_without_markup_make_pages_of_the_same_shape():
    plain, marked = every_page("one two three"), every_page("a < b & \"c\" 'd'")
    assert {name: shape(page) for name, page in plain.items()} == {name: shape(page) for name, page in marked.items()}


def test_no_id_stands_twice_on_a_page():
    for name, page in every_page("buy milk").items():
        ids = [found for found in outline(page).ids if TURN not in found]
        assert len(ids) == len(set(ids)), (name, ids)


def test_pages_have_one_heading_a_title_and_a_way_past_the_navigation():
    for name, page in every_page("buy milk").items():
        assert page.partition("<body")[0].count("<title>") == 1, name
        assert page.count("<main") == 1, name
        assert page.count("</h1>") == 1 or name == "ui.chat", name
        assert 'href="#main"' in page, name


def test_every_field_has_a_name_for_those_who_do_not_see_it():
    for name, page in every_page("buy milk").items():
        unlabelled = re.sub(r"<label>\w[^<]*<.*?</label>", "", page, flags=re.DOTALL)
        for field in re.findall(r"<(?:input|textarea|select)\b[^>]*>", unlabelled):
            if 'type="hidden"' in field or 'type="radio"' in field:
                continue
            assert "aria-label=" in field, (name, field)


def test_every_form_that_changes_something_carries_the_token():
    for name, page in every_page("buy milk").items():
        for form in re.findall(r"<form.*?</form>", page, re.DOTALL):
            if 'method="post"' in form and "/in/" not in form and 'action="/sign-in"' not in form:
                assert 'name="csrf" value="a1b2"' in form, (name, form)


def test_every_form_works_without_a_script():
    for name, page in every_page("buy milk").items():
        for form in re.findall(r"<form[^>]*>", page):
            posted = re.search(r'hx-post="([^"]*)"', form)
            action = re.search(r'action="([^"]*)"', form)
            assert action, (name, form)
            assert posted is None or posted[1] == action[1], (name, form)


def test_the_last_turn_stands_apart_from_those_that_cannot_change():
    first = exchange("first", turn="01a20146-0000-7000-8000-000000000001")
    page = html(ui.CHAT, ui.ChatPage(frame=frame(), conversation=conversation(first, exchange("last"))))
    settled, recent = page.split('id="recent"')
    assert "first" in settled.split('id="settled"')[1]
    assert "last" in recent
    assert f"turn={TURN}" in page


def test_a_turn_reads_the_same_on_the_page_and_in_its_live_change():
    page = html(ui.CHAT, ui.ChatPage(frame=frame(), conversation=conversation(exchange())))
    alive = live(ui.Settled(exchange=exchange())).replace(' hx-swap-oob="true"', "")
    assert alive.strip() in page


def test_the_list_reads_the_same_on_the_page_and_in_its_live_change():
    page = html(ui_tasks.TASKS, ui_tasks.TasksPage(frame=frame(), board=board()))
    assert live(ui.Tasked(board=board())).replace(' hx-swap-oob="true"', "").strip() in page


def test_times_are_read_where_the_reader_is():
    page = html(ui_timeline.EVENT, ui_timeline.EventPage(frame=frame(zone="Asia/Kathmandu"), event=event()))
    here = datetime.now(ZoneInfo("Asia/Kathmandu"))
    assert f"{here:%A} {here.day} {here:%B %Y}" in page
    assert "UTC" not in page


def test_the_conversations_read_the_same_on_the_page_and_in_their_live_change():
    page = html(ui.CHAT, ui.ChatPage(frame=frame(), conversation=conversation(exchange()), lines=lines()))
    assert live(ui_list.Listed(lines=lines())).replace(' hx-swap-oob="true"', "").strip() in page


def test_streamed_text_costs_bytes_in_proportion_to_its_length():
    short, long = (len(live(ui.Grew(turn=TURN, text="x" * length))) for length in (1, 1001))
    assert long - short == 1000


def test_streamed_text_keeps_every_character():
    text = "a <b>\r\n\tc & 'd' \r e\n\n"
    found = outline_text(live(ui.Grew(turn=TURN, text=text)))
    assert found == text


def test_a_new_card_comes_with_a_place_for_the_text_after_it():
    found = live(ui.Used(turn=TURN, number=2, tool=tool(), first=True))
    assert f'beforeend:#body-{TURN}"' in found
    assert f'id="tool-{TURN}-2"' in found
    assert f'id="answer-{TURN}-3"' in found
    assert f'id="answer-{TURN}-3"' not in live(ui.Used(turn=TURN, number=2, tool=tool(), first=False))


def test_cards_stand_where_the_answer_called_them():
    asked = exchange(answer="before after", tools=(msgspec.structs.replace(tool(), at=7),))
    page = live(ui.Settled(exchange=asked))
    assert page.index("before") < page.index("tasks.add") < page.index("after")


def test_an_answer_that_is_being_written_is_text_and_a_finished_one_is_markdown():
    assert "**bold**" in live(ui.Opened(exchange=exchange(answer="**bold**", outcome=None, tools=())))
    assert "<strong>bold</strong>" in live(ui.Settled(exchange=exchange(answer="**bold**", tools=())))


@pytest.mark.parametrize(("outcome", "error", "seen"), [
    ("failed", "Start it with ollama serve.", "Start it with ollama serve."),
    ("failed", "", "This could not be answered."),
    ("stopped", "", "Stopped."),
])  # fmt: skip
def test_a_turn_that_did_not_end_well_says_so(outcome, error, seen):
    assert seen in live(ui.Settled(exchange=exchange(outcome=outcome, error=error)))


def test_only_a_turn_that_failed_offers_to_try_again():
    failed = live(ui.Settled(exchange=exchange(outcome="failed")))
    assert re.search(r'<button name="do" value="regenerate">Try again</button>', failed)
    assert failed.count('value="regenerate"') == 1
    assert "Try again" not in live(ui.Settled(exchange=exchange(outcome="done")))


def test_an_invisible_title_can_still_be_clicked():
    assert "(blank)" in live(ui.Tasked(board=board("\u200b\u2060 ")))


def test_empty_pages_teach():
    assert "add buy milk to my list" in html(ui.CHAT, ui.ChatPage(frame=frame(), conversation=conversation()))
    assert "Nothing to do." in html(ui_tasks.TASKS, ui_tasks.TasksPage(frame=frame(), board=ui.Board()))
    assert "groceries" in html(ui_memory.SEARCH, ui_memory.SearchPage(frame=frame()))
    assert "Nothing yet." in html(ui_timeline.TIMELINE, ui_timeline.TimelinePage(frame=frame()))
    assert "No action is offered" in html(ui_mind.ACTIONS, ui_mind.ActionsPage(frame=frame()))


def test_a_stranger_gets_no_navigation_and_of_scripts_the_one_for_times():
    page = html(ui_accounts.SIGN_IN, ui_accounts.SignInPage(frame=ui.Frame()))
    assert [source.split(".")[0] for source in outline(page).scripts] == ["/static/zone"]
    assert "<nav" not in page
    assert "daimon link" in page


def conversation(*exchanges):
    return Conversation(id="one", title="One", exchanges=exchanges, sequence=7)


def outline_text(found: str) -> str:
    class Words(HTMLParser):
        text = ""

        def handle_data(self, data: str) -> None:
            self.text += data

    words = Words()
    words.feed(found)
    words.close()
    return words.text


def test_beside_a_conversation_stand_the_beginning_and_the_end_of_a_long_list() -> None:
    many = tuple(Task(id=str(number), title=f"task {number}", position=number) for number in range(1, 61))
    full = ui.Board(tasks=many, touches=(touch(),) * len(many))
    talk = ui.ChatPage(frame=frame(), conversation=Conversation(id="one", title=""), board=full)
    for page in (html(ui.CHAT, talk), live(ui.Tasked(board=full))):
        assert re.findall(r">(task \d+)</a>", page) == [f"task {n}" for n in (*range(1, 31), *range(51, 61))]
        assert '<a href="/tasks">20 more</a>' in page
    alone = html(ui_tasks.TASKS, ui_tasks.TasksPage(frame=frame(path="/tasks"), board=full))
    assert len(re.findall(r">task \d+</a>", alone)) == 60
