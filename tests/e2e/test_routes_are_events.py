"""Whatever a browser or a program changes over HTTP is an event: every route that takes something is walked."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import msgspec
import pytest

from daimon.connection import Connection, connect
from proto import accounts, documents, events, jobs, keys, tasks
from proto.base import Nothing, new_id
from services.gateway.app import ROUTES
from tests.support.whole import Whole

WITHIN = 60.0
NO_EVENT = {
    "POST /theme": "it is kept in the browser's own cookie",
    "POST /keyboard": "it is kept in the browser's own cookie",
    "POST /v1/embeddings": "it computes, and keeps nothing",
    "POST /mcp": "what it changes it asks actions for, which are walked in test_changes_are_events.py",
    "DELETE /mcp": "there is no session to end",
    "POST /settings/export": "it hands out what there is",
}
"""Routes that leave no event of their own, and why."""
ELSEWHERE = {
    "POST /approvals/{question}": "tests/integration/test_gateway_approvals.py",
    "POST /box/{conversation}/jobs/{job}/keys": "tests/browser/test_browser_terminal.py",
    "POST /suggestion": "tests/browser/test_browser_ghost.py",
    "POST /settings/models": "tests/integration/test_models.py",
    "POST /settings/backup/{name}": "tests/e2e/test_backup.py",
    "POST /settings/memory/engine": "tests/integration/test_models.py",
    **dict.fromkeys(
        ("POST /mind/models", "POST /mind/models/use", "POST /mind/models/cancel", "POST /mind/models/delete"),
        "tests/integration/test_models.py",
    ),
}
"""Routes that need a language model or a script in the browser, and the tests that walk them."""
CHATS = '[{"id": "1", "chat": {"messages": [{"role": "user", "content": "hello"}]}}]'
EMPTY = hashlib.sha256(b"").hexdigest()


class Walker:
    """A browser of an owner, and what the way so far has led to."""

    def __init__(self, client: httpx.AsyncClient, connection: Connection, whole: Whole) -> None:
        self.client = client
        self.connection = connection
        self.whole = whole
        self.csrf = ""
        self.guest = f"guest-{new_id()[-8:]}"

    async def signed_in(self, link: str) -> httpx.Response:
        entered = await self.client.post(link)
        found = re.search(r'name="csrf" value="(\w+)"', (await self.client.get("/tasks")).text)
        assert found
        self.csrf = found[1]
        return entered

    async def link(self, user: str = "") -> str:
        asked = accounts.Invite(user=user or self.connection.caller.user, role="owner")
        return (await self.connection.call(accounts.INVITE, asked)).path

    async def task(self) -> str:
        return (await self.connection.call(tasks.LIST, tasks.ListTasks())).tasks[0].id

    async def turn(self) -> str:
        """The first turn, once it is answered."""
        answered = events.of_kind("chat.answered", self.connection.caller.user)
        async with asyncio.timeout(WITHIN):
            while not (found := await self.connection.bus.journal.read(answered)):
                pass
        return str(msgspec.json.decode(found[0].event.data)["turn"])

    async def document(self) -> str:
        async with asyncio.timeout(WITHIN):
            while not (listed := (await self.connection.call(documents.LIST, documents.ListDocuments())).documents):
                pass
        return listed[0].document

    async def job(self) -> str:
        caller = msgspec.structs.replace(self.connection.caller, conversation="walk")
        return (await self.connection.bus.call(jobs.JOBS, jobs.ListJobs(), caller=caller)).jobs[0].id

    async def key(self) -> str:
        asked = keys.ListKeys(user=self.connection.caller.user)
        return (await self.connection.call(keys.LIST_KEYS, asked)).keys[0].id

    async def session(self) -> str:
        """Another session of the same user."""
        async with httpx.AsyncClient(base_url=self.whole.address) as other:
            await other.post(await self.link())
        page = (await self.client.get("/settings/sessions")).text
        return re.findall(r'action="/settings/sessions/([\w-]+)/revoke"', page)[0]


Step = tuple[str, dict[str, Callable[[Walker], Any]], dict[str, str], str]
STORY: tuple[Step, ...] = (
    ("POST /tasks", {}, {"title": "buy milk"}, "task.added"),
    ("POST /tasks/{task}/complete", {"task": Walker.task}, {}, "task.completed"),
    ("POST /tasks/{task}/reopen", {"task": Walker.task}, {}, "task.reopened"),
    ("POST /tasks/{task}/rename", {"task": Walker.task}, {"title": "buy bread", "before": "buy milk"}, "task.renamed"),
    ("POST /tasks", {}, {"title": "call mum"}, "task.added"),
    ("POST /tasks/{task}/move", {"task": Walker.task}, {"position": "2"}, "task.moved"),
    ("POST /tasks/sort", {}, {"by": "title"}, "task.sorted"),
    ("POST /tasks/{task}/delete", {"task": Walker.task}, {}, "task.deleted"),
    ("POST /undo", {}, {}, "undo.undone"),
    ("POST /mind/actions/{action}", {"action": lambda _: "tasks.add"}, {"arg.title": "try it"}, "task.added"),
    ("POST /chat/{conversation}", {}, {"text": "add eggs to my list", "mode": "chat"}, "chat.asked"),
    ("POST /chat/{conversation}/title", {}, {"title": "A walk"}, "chat.titled"),
    ("POST /chat/{conversation}/marks", {}, {"do": "pin"}, "conversation.pinned"),
    ("POST /chat/{conversation}/options", {}, {"temperature": "0.5"}, "chat.tuned"),
    ("POST /chat/{conversation}/turns/{turn}", {"turn": Walker.turn}, {"do": "up"}, "choice.rating"),
    ("POST /actions/{action}/rule", {"action": lambda _: "tasks.delete"}, {"rule": "ask"}, "approval.set"),
    ("POST /settings/instructions/{job}", {"job": lambda _: "title"}, {"text": "Be brief."}, "choice.instruction"),
    ("POST /settings/suggestions", {}, {"on": "off"}, "suggestion.switched"),
    ("POST /settings/filter", {}, {"name": "code", "words": "open sesame"}, "choice.filter"),
    ("POST /settings", {}, {"shown": "A walker", "zone": "", "language": ""}, "account.profiled"),
    ("POST /settings/notifications", {}, {"anything": "on"}, "account.profiled"),
    ("POST /settings/waking", {}, {}, "choice.waking"),
    ("POST /settings/keys", {}, {"name": "program"}, "key.added"),
    ("POST /settings/keys/{key}/revoke", {"key": Walker.key}, {}, "key.revoked"),
    ("POST /settings/sessions/{session}/revoke", {"session": Walker.session}, {}, "session.revoked"),
    ("POST /settings/users", {}, {"name": "GUEST", "role": "guest"}, "account.invited"),
    ("POST /settings/users/{user}", {"user": lambda walker: walker.guest}, {"state": "disabled"}, "account.changed"),
    ("POST /memory/sql", {}, {"sql": "select 1"}, "memory.queried"),
    ("POST /memory/sql/csv", {}, {"sql": "select 1"}, "memory.queried"),
    ("POST /memory/documents", {}, {"FILE": "one.txt"}, "document.uploaded"),
    ("POST /memory/documents/{document}/delete", {"document": Walker.document}, {}, "document.deleted"),
    ("POST /settings/backup", {}, {}, "backup.asked"),
    ("POST /settings/import", {}, {"FILE": "chats.json", "CONTENT": CHATS}, "conversation.imported"),
    ("POST /api/files/{conversation}", {}, {"FILE": "two.txt"}, "document.uploaded"),
    ("POST /chat/{conversation}/attach", {}, {"FILE": "four.txt"}, "document.uploaded"),
    ("POST /box/{conversation}/upload", {}, {"FILE": "three.txt"}, "document.uploaded"),
    ("POST /box/{conversation}/network", {}, {"mode": "off", "hosts": ""}, "sandbox.networked"),
    ("POST /box/{conversation}/file", {}, {"path": "notes.txt", "text": "one", "was": EMPTY}, "file.written"),
    ("POST /box/{conversation}/jobs", {}, {"command": "cat"}, "job.started"),
    ("POST /box/{conversation}/jobs/{job}", {"job": Walker.job}, {"text": "hello"}, "job.fed"),
    ("POST /chat/{conversation}/stop", {}, {}, ""),
    ("POST /go", {}, {"q": "add salt to my list"}, "chat.asked"),
    ("POST /api/do", {}, {"JSON": "add tea to my list"}, "chat.asked"),
    ("POST /api/chat/{conversation}", {}, {"JSON": "add sugar to my list"}, "chat.asked"),
    ("POST /v1/chat/completions", {}, {"COMPLETE": "hello"}, "chat.asked"),
    ("POST /chat/{conversation}/forget", {}, {}, "memory.forgot"),
    ("POST /settings/memory/days", {}, {"kind": "page.visited", "days": "30"}, "memory.retained"),
    ("POST /settings/memory/recording", {}, {"recording": "pause"}, "recording.paused"),
    ("POST /settings/password", {}, {"password": "correct horse 7", "again": "correct horse 7"}, "account.secured"),
    ("POST /sign-out", {}, {}, "session.closed"),
    ("POST /sign-in", {}, {"name": "WALKER", "password": "wrong horse 7"}, "session.refused"),
    ("POST /in/{token}", {"token": Walker.link}, {}, "session.opened"),
)
"""Each route with what stands in its path, what is posted, and the kind of event that must follow, if any must."""


@pytest.fixture
async def walker(reflex: Whole) -> AsyncIterator[Walker]:
    async with AsyncExitStack() as stack:
        user = f"walker-{new_id()[-8:]}"
        connection = await stack.enter_async_context(connect(reflex.home.path, user))
        client = httpx.AsyncClient(base_url=reflex.address, timeout=WITHIN, headers={"Origin": reflex.address})
        walker = Walker(await stack.enter_async_context(client), connection, reflex)
        await walker.signed_in(await walker.link())
        yield walker


async def walk(walker: Walker, step: Step) -> httpx.Response:
    """Post what a step says."""
    route, places, form, _ = step
    path = route.partition(" ")[2].replace("{conversation}", "walk")
    for name, find in places.items():
        found = find(walker)
        found = await found if asyncio.iscoroutine(found) else found
        path = path.replace(f"{{{name}}}", found.removeprefix("/in/"))
    words = {"WALKER": walker.connection.caller.user, "GUEST": walker.guest}
    fields = {"csrf": walker.csrf, **{name: words.get(value, value) for name, value in form.items()}}
    if "FILE" in form:
        file = {"file": (form["FILE"], form.get("CONTENT", form["FILE"]).encode(), "text/plain")}
        return await walker.client.post(path, data={"csrf": walker.csrf}, files=file, headers={"X-CSRF": walker.csrf})
    if "COMPLETE" in form or path == "/v1/chat/completions":
        asked = keys.AddKey(user=walker.connection.caller.user, name="openai")
        secret = (await walker.connection.call(keys.ADD_KEY, asked)).secret
        body = {"model": "daimon", "messages": [{"role": "user", "content": form["COMPLETE"]}]}
        return await walker.client.post(path, json=body, headers={"Authorization": f"Bearer {secret}"})
    if "JSON" in form:
        asked = keys.AddKey(user=walker.connection.caller.user, name="rest")
        secret = (await walker.connection.call(keys.ADD_KEY, asked)).secret
        bearer = {"Authorization": f"Bearer {secret}"}
        return await walker.client.post(path, json={"text": form["JSON"]}, headers=bearer)
    return await walker.client.post(path, data=fields)


async def test_every_route_that_changes_something_leaves_an_event(walker):
    journal = walker.connection.bus.journal
    await walker.connection.call(accounts.LIST_ACCOUNTS, Nothing())
    for step in STORY:
        route, kind = step[0], step[3]
        last = await journal.last(events.ALL)
        response = await walk(walker, step)
        assert response.status_code < 500, (route, response.text[:300])
        if not kind:
            continue
        assert response.status_code < 400 or kind == "session.refused", (route, response.status_code, response.text)
        # What is told in the background follows the answer.
        async with asyncio.timeout(WITHIN):
            while kind not in {one.event.kind for one in await journal.read(events.ALL, after=last.sequence)}:
                pass


def test_no_route_that_takes_something_is_left_out():
    takes = {f"{route.method} {route.path}" for route in ROUTES if route.method not in ("GET", "HEAD")}
    walked = {step[0] for step in STORY}
    assert takes - walked - NO_EVENT.keys() - ELSEWHERE.keys() == set()
    assert (walked | NO_EVENT.keys() | ELSEWHERE.keys()) - takes == set()
