"""Views with everything a page can show, for the tests of the ui service."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from proto import (
    approvals,
    backups,
    boxes,
    chat,
    choices,
    imports,
    insight,
    inspection,
    jobs,
    keys,
    llm,
    models,
    printing,
    retention,
    seen,
    suggestions,
    tasks,
    ui,
    ui_accounts,
    ui_box,
    ui_go,
    ui_list,
    ui_memory,
    ui_mind,
    ui_settings,
    ui_tasks,
    ui_timeline,
    ui_undo,
    undo,
)
from proto.accounts import Account, Profile
from proto.base import Call, Caller
from proto.board import Touch
from proto.boxes import Network
from proto.chat import Exchange, Spent, ToolUse
from proto.events import Event, happened
from proto.marks import Marks
from proto.memory import ConversationLine, Hit, Hits
from proto.timeline import Effect, Sift
from services.ui.routes import pages
from services.ui.settings import UiSettings
from tests.unit.ui.views_memory import memory_pages
from tests.unit.ui.views_mind import mind_pages

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TURN = "01a20146-760f-7ca8-981b-65a61ab6be15"
_PAGES = pages(UiSettings(display_limit=400))


def offer(text: str, steps: int = 1) -> suggestions.Suggestion:
    """What the ghost offers."""
    step = suggestions.Step(action="tasks.add", arguments="{}", sentence=text, path=text)
    return suggestions.Suggestion(id=TURN, steps=(step,) * steps, why=text, right=3, tries=4, until=NOON)


def suggested(text: str) -> suggestions.Suggestions:
    """What the ghost has learnt."""
    habit, record = suggestions.Habit(sentence=text, right=3, tries=4), suggestions.Record(made=5, met=4, missed=1)
    return suggestions.Suggestions(on=True, now=offer(text), record=record, habits=(habit,))


def html(call: Call[Any, ui.Html], view: msgspec.Struct) -> str:
    """What the ui service answers, by way of the wire."""
    sent = msgspec.json.decode(msgspec.json.encode(view), type=call.request)
    return _PAGES[call](sent).html


def live(*changes: ui.Change) -> str:
    """The fragments of some changes."""
    return html(ui.LIVE, ui.Changes(changes=changes, frame=frame()))


def frame(**changed: Any) -> ui.Frame:
    return msgspec.structs.replace(ui.Frame(user="ada", csrf="a1b2", path="/chat/one"), **changed)


def then(text: str) -> ui.Frame:
    """The frame of a page that shows the past."""
    return frame(past=ui.Past(first=NOON, last=NOON, as_of=text, then=NOON))


def tool(text: str = "buy milk") -> ToolUse:
    told = msgspec.json.encode({"sentence": f"Added task '{text}'"}).decode()
    arguments = msgspec.json.encode({"title": text}).decode()
    return ToolUse(call="t/1/0", action="tasks.add", arguments=arguments, ok=True, result=told, seconds=0.004)


def exchange(text: str = "buy milk", **changed: Any) -> Exchange:
    whole = Exchange(turn=TURN, time=NOON, asked=text, tools=(tool(text),), answer=text, outcome="done", model="small")
    return msgspec.structs.replace(whole, **changed)


def event(text: str = "buy milk") -> Event:
    return happened(tasks.TaskAdded(task="1", title=text), Caller(user="ada", conversation="one"))


def touch() -> Touch:
    return Touch(event=TURN, time=NOON)


def board(text: str = "buy milk") -> ui.Board:
    found = (tasks.Task(id="1", title=text), tasks.Task(id="2", title="rest", done=True, actor="model"))
    return ui.Board(tasks=found, touches=(touch(), touch()))


def lines(text: str = "buy milk") -> ui_list.Lines:
    line = ConversationLine(id="one", title=text, time=NOON, exchanges=1, tags=(text,))
    return ui_list.Lines(pinned=(line,), lines=(line,), current="one", tag=text)


def step(text: str) -> undo.Step:
    return undo.Step(event=TURN, time=NOON, actor="model", sentence=text)


def menu_item(text: str = "buy milk") -> llm.MenuItem:
    schema = {"properties": {"title": {"type": "string", "description": text}}, "required": ["title"]}
    return llm.MenuItem(
        name="tasks.add",
        description=text,
        schema=msgspec.Raw(msgspec.json.encode(schema)),
        service="tasks",
        subject="elsewhere",
        phrasings=(f"add {{title}} {text}",),
    )


def account(text: str) -> Account:
    return Account(name=text, made=NOON, password=True)


def session(text: str) -> ui_accounts.SessionLine:
    return ui_accounts.SessionLine(id=TURN, user=text, agent=text, made=NOON, expires=NOON)


def key(text: str) -> keys.ApiKey:
    return keys.ApiKey(id=TURN, user="ada", name=text, made=NOON, used=NOON, expires=NOON)


def made(text: str) -> keys.NewKey:
    return keys.NewKey(key=key(text), secret=text)


def saw(text: str) -> seen.Seen:
    call = seen.SentCall(action=text, arguments=text)
    told = seen.SentMessage(role="user", content=text, calls=(call,), name=text)
    tool = seen.SentTool(name=text, description=text, schema=msgspec.Raw(msgspec.json.encode({"title": text})))
    return seen.Seen(
        turn=TURN, step=1, steps=2, model=text, context=10, tokens=5, messages=(told,), tools=(tool,)
    )  # fmt: skip


def job(text: str) -> jobs.Job:
    return jobs.Job(id="a1", command=text, state="running", started=NOON, seconds=1)


def content(text: str = "buy milk") -> printing.Boxed:
    file = boxes.BoxFile(path=f"/data/{text}", size=1, modified=NOON)
    reach = boxes.Network(mode="allow-list", hosts=(text,))
    return printing.Boxed(conversation="one", jobs=(job(text),), files=(file,), network=reach, problem=text)


def printout(text: str, **changed: Any) -> printing.Printing:
    row = printing.Row(spans=(printing.Span(text=text, style="bold f1"), printing.Span(text=text)))
    return msgspec.structs.replace(printing.Printing(rows=(row,), open=row, standing=text), **changed)


def box(text: str) -> boxes.Description:
    limits = (boxes.BoxLimit(limit=text, by=text),)
    return boxes.Description(
        backend=text, alive=False, network=boxes.Network(mode="on"), limits=limits, not_hidden=(text,)
    )


def settings_pages(text: str) -> dict[Call[Any, ui.Html], msgspec.Struct]:
    """The settings pages about the model."""
    owner, line = frame(role="owner"), llm.ModelLine(name=text, size=10**9, server=text)
    rule = approvals.ActionRule(action=text, rule="ask", after="deny", risk="outside")
    versions = tuple(choices.Version(job="system", number=n, text=f"{text}\n{n}", used=n == 1) for n in range(2))
    count = choices.VersionCount(
        job="system", number=1, answers=3, failed=1, up=1, down=1, steps=1, tokens=1
    )  # fmt: skip
    return {
        ui_settings.APPROVALS: ui_settings.ApprovalsPage(
            frame=owner, rules=(rule,), wanted=text, waiting=2, problem=text
        ),
        ui_settings.INSTRUCTIONS: ui_settings.InstructionsPage(
            frame=owner, versions=versions, counts=(count,), shown=1, draft=text, problem=text
        ),
        ui_settings.MODELS: ui_settings.ModelsPage(
            frame=owner, jobs=(models.JobModel(job="title", model=text, chosen=text),), models=(line,), problem=text
        ),
        ui_settings.FILTER: ui_settings.FilterPage(
            frame=owner, patterns=(choices.Pattern(name="code", words=text),), name=text, words=text, problem=text
        ),
        ui_settings.MEMORY: ui_settings.MemoryPage(
            frame=owner,
            standing=insight.Standing(events=9, vectors=6, waiting=3, engine=text, coming=text, made=2),
            engine=text,
            kinds=(retention.KeptKind(kind="page.visited", days=3, limit=9),),
            kind="page.visited",
            days=text,
            problem=text,
        ),
        ui_settings.SUGGESTIONS: ui_settings.SuggestionsPage(frame=owner, found=suggested(text), problem=""),
        ui_settings.EXPORT: ui_settings.ExportPage(
            frame=owner,
            imported=imports.Imported(conversations=1, messages=2, source=text, sentence=text, event=text),
        ),
        ui_settings.BACKUP: ui_settings.BackupPage(
            frame=owner,
            here=True,
            backups=(backups.Backup(name=text, time=NOON, size=9, sequence=3, seal=text, sha256=text),),
            problem=text,
            password=True,
        ),
        ui_settings.OPTIONS: ui_settings.OptionsPage(
            frame=owner,
            conversation="one",
            title=text,
            typed=ui_settings.Typed(model=text, temperature=text, num_ctx=text, keep_alive=text),
            models=(line,),
            problem=text,
        ),
    }


def every_page(text: str) -> dict[str, str]:
    """Every page the ui service has, with one text wherever a text of somebody's can stand."""
    hit = Hit(
        event=TURN,
        time=NOON,
        kind="task.added",
        actor="user",
        sentence=text,
        conversation="one",
        score=1.0,
        why=("words",),
    )
    told, other = frame(user=text, notice=text), frame()
    open_turn = exchange(text, outcome=None)
    conversation = chat.Conversation(
        id="one", title=text, exchanges=(exchange(text, error=text, outcome="failed", summary=text), open_turn)
    )
    chat_page = ui.ChatPage(
        frame=told, conversation=conversation, lines=lines(text), board=board(text), problem=text, draft=text,
        engine=llm.Engine(model=text, problem=text), network=Network(mode="allow-list", hosts=(text,)),
    )  # fmt: skip
    views: dict[Call[Any, ui.Html], msgspec.Struct] = {
        ui.CHAT: chat_page,
        ui.CONVERSATIONS: ui.ConversationsPage(frame=other, lines=msgspec.structs.replace(lines(text), full=True)),
        ui_tasks.TASKS: ui_tasks.TasksPage(frame=other, board=board(text)),
        ui_tasks.TASK: ui_tasks.TaskPage(
            frame=other, task=board(text).tasks[0], touch=touch(), draft=text, problem=text
        ),
        ui_memory.SEARCH: ui_memory.SearchPage(frame=other, query=text, hits=Hits(hits=(hit,), note=text)),
        **memory_pages(text),
        ui_go.GO: ui_go.GoPage(
            frame=other,
            query=text,
            problem=text,
            found=(ui_go.Ways(sort="Pages", ways=tuple(ui_go.Way(path="/x", title=text, note=text) for _ in "abc")),)
            * 2,
        ),
        **mind_pages(text),
        ui_undo.UNDO: ui_undo.UndoPage(
            frame=other,
            step=TURN,
            problem=text,
            line=undo.LineRead(steps=(step(text),), redo=step(text), older=TURN),
            preview=undo.Previewed(steps=(step(text),), sentence=text),
        ),
        ui_timeline.TIMELINE: ui_timeline.TimelinePage(
            frame=other,
            events=(event(text),),
            sift=Sift(noun=text, actor=text, words=text),
            older=TURN,
            problem=text,
        ),
        ui_timeline.EVENT: ui_timeline.EventPage(
            frame=other,
            event=event(text),
            causes=(event(text),),
            problem=text,
            effects=(Effect(event=event(text), depth=1), Effect(event=event(text), depth=2)),
        ),
        ui_timeline.THEN: ui_timeline.ThenPage(
            frame=then(text),
            lines=lines(text),
            problem=text,
            conversation=chat.Conversation(id="one", title=text, exchanges=(exchange(text),)),
        ),
        ui_mind.ACTIONS: ui_mind.ActionsPage(frame=other, actions=(menu_item(text),), problem=text),
        ui.PROBLEM: ui.ProblemPage(frame=other, status=404, sentence=text),
        ui_accounts.SIGN_IN: ui_accounts.SignInPage(frame=ui.Frame(notice=text), name=text),
        ui_accounts.LINK: ui_accounts.LinkPage(frame=ui.Frame(), path="/in/token", name=text),
        ui_accounts.PROFILE: ui_accounts.ProfilePage(
            frame=frame(shown=text), account=account(text), profile=Profile(shown=text, zone=text)
        ),
        ui_accounts.NOTICES: ui_accounts.NoticesPage(frame=other, notices=("jobs",)),
        ui_accounts.SESSIONS: ui_accounts.SessionsPage(frame=other, role="owner", sessions=(session(text),)),
        ui_accounts.KEYS: ui_accounts.KeysPage(frame=other, role="member", keys=(key(text),), made=made(text)),
        ui_accounts.USERS: ui_accounts.UsersPage(frame=other, accounts=(account(text),), link=text, invited=text),
        **settings_pages(text),
        ui_box.BOX: ui_box.BoxPage(
            frame=told, conversation="one", title=text, box=box(text), content=content(text), hosts=text
        ),
        ui_box.FILE: ui_box.FilePage(
            frame=told, conversation="one", file=boxes.FileText(path=text, size=1, text="one"), text=text
        ),
        ui_box.JOB: ui_box.JobPage(frame=told, conversation="one", job=job(text), printed=printout(text), cut=True),
        inspection.SEEN: inspection.SeenPage(frame=other, conversation="one", seen=saw(text)),
    }
    return {call.name: html(call, view) for call, view in views.items()}


def every_change(text: str) -> tuple[ui.Change, ...]:
    """Every change a page can be told of, with one text wherever a text of somebody's can stand."""
    return (
        ui.Reset(exchanges=(exchange(text, versions=("a", TURN, "b"), thought=text),), whole=True, onward=("a",)),
        ui.Opened(exchange=exchange(text, outcome=None, tools=(), answer="")),
        ui.Grew(turn=TURN, text=text),
        ui.Pondered(turn=TURN, text=text),
        ui.Weighed(turn=TURN, spent=Spent(steps=1, step_limit=9, tokens=5, context=10, time_limit=60, warning=text)),
        ui.Used(turn=TURN, number=0, tool=tool(text), first=True),
        ui.Used(turn=TURN, number=0, tool=tool(text), first=False),
        ui.Settled(exchange=exchange(text)),
        ui_list.Listed(lines=lines(text)),
        ui_list.Further(lines=lines(text)),
        ui_list.Found(lines=msgspec.structs.replace(lines(text), words=text)),
        ui_list.Lined(line=lines(text).lines[0], place="open", full=True),
        ui.Attached(file=text, link="/files/x/y", path=text, note=text),
        ui_list.Stands(conversation="one", marks=Marks(deleted=True, tags=(text,))),
        ui.Earlier(exchanges=(exchange(text),), earlier=3),
        ui.Tasked(board=board(text)),
        ui.Edited(task=board(text).tasks[0], touch=touch(), draft=text, problem=text),
        ui.Logged(events=(event(text),)),
        ui.Logged(events=(event(text),), day=event().time.date().isoformat()),
        ui.Relogged(events=(event(text),), sift=Sift(words=text), older=TURN),
        ui.Older(events=(event(text),), sift=Sift(noun=text), older=TURN, before=TURN),
        ui.Moded(mode="command"),
        ui.Noted(sentence=text),
        ui.Toasted(sentence=text, actor=f"plugin-{text}", event=TURN),
        ui.Offered(offer=offer(text)),
        ui.Offered(offer=offer(text, steps=3)),
        ui.Offered(),
        ui.Toasted(sentence=text, actor="user", event=TURN, undone=True),
        ui.Online(),
        printout(text),
        printout(text, whole=True, running=False),
        content(text),
    )
