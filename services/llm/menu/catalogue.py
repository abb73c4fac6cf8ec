"""The menu: every action of every program that runs, read from what the programs say of themselves."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Mapping
from typing import Any

import jsonschema_rs
import msgspec

from proto import errors
from proto.actions import SEARCH
from proto.base import EVERYBODY, Action, Caller, Risk, token
from proto.llm import Menu, MenuItem
from proto.roles import ROLES
from services.llm.models.model import Tool
from services.llm.models.ollama_wire import tool_names
from services.runtime.bus.discovery import EndpointInfo, ServiceInfo
from services.runtime.bus.serving import metadata

OWN = {call.name: call for role in ROLES.values() for call in role.serves if isinstance(call, Action)}
OWN_NOUNS = {call.noun for role in ROLES.values() for call in role.serves}
LISTED, NEAR = 30, 10
"""Actions that are all named to a model that asks for none of them; and how many are where there are more."""
PROBLEMS = 3
"""How many things that are wrong with arguments are named at once."""

_log = logging.getLogger("daimon.llm")


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """The metadata of an endpoint that is an action."""

    action: str
    description: str = ""
    schema: str = '{"type": "object"}'
    phrasings: str = "[]"
    risk: Risk = "change"
    inverse: str = ""
    foreign: str = "true"
    contained: str = "false"


class Catalogue:
    """The actions that run now."""

    def __init__(self) -> None:
        self._items: dict[str, MenuItem] = {}
        self._tools: tuple[Tool, ...] = ()
        self._spelled: dict[str, str] = {}
        """Actions by their names as models spell them."""
        self._missed: set[str] = set()
        self._validators: dict[str, tuple[bytes, Any]] = {}
        self._heard: dict[str, tuple[ServiceInfo, tuple[MenuItem, ...]]] = {}
        """What each running program said last and how it was read; reading all of them takes as long as ten tokens."""

    def learn(self, services: Iterable[ServiceInfo]) -> None:
        """Replace the menu by what runs now."""
        self._heard = {service.id: self._hear(service) for service in services}
        heard = (item for _, items in self._heard.values() for item in items)
        found = {item.name: item for item in sorted(heard, key=lambda item: (item.name, item.service))}
        # Who is missing in one look may only have been slow to answer.
        late = {name: item for name, item in self._items.items() if name not in found and name not in self._missed}
        self._missed = set(late)
        items = dict(sorted((found | late).items()))
        if items != self._items:
            self._items, self._tools = items, tuple(map(_tool, items.values()))
            self._spelled = {spelled: action for action, spelled in tool_names(self._tools).items()}

    @property
    def items(self) -> Mapping[str, MenuItem]:
        """The actions by name."""
        return self._items

    @property
    def menu(self) -> Menu:
        """The whole menu, by name."""
        return Menu(actions=tuple(self._items.values()))

    def tools(self) -> tuple[Tool, ...]:
        """Return the menu as it is offered to a model."""
        return self._tools

    def find(self, action: str) -> MenuItem:
        """Return an action, or Missing with what there is."""
        item = self._items.get(action) or self._items.get(self._spelled.get(action, ""))
        if item is None:
            raise errors.Missing(f"There is no action '{action}'. {self._near(action)}")
        return item

    def _hear(self, service: ServiceInfo) -> tuple[ServiceInfo, tuple[MenuItem, ...]]:
        """Read what a program says of itself, unless it says the same as before."""
        known = self._heard.get(service.id)
        return known if known and known[0] == service else (service, tuple(_items(service)))

    def _near(self, action: str) -> str:
        """Tell what there is: all of a small menu, of a large one what is spelled nearly the same."""
        if len(self._items) <= LISTED:
            return f"There are: {', '.join(self._items) or 'none'}."
        near = difflib.get_close_matches(action, self._items, n=NEAR, cutoff=0.3)
        return f"There are, for example: {', '.join(near or list(self._items)[:NEAR])}. {SEARCH.name} finds the others."

    def check(self, item: MenuItem, arguments: dict[str, object]) -> None:
        """Check arguments against the action's schema; Invalid says what is wrong in words a model can act on."""
        problems = [
            f"{'.'.join(map(str, problem.instance_path)) or 'arguments'}: {problem.message}"
            for problem in self._validator(item).iter_errors(arguments)
        ]
        if problems:
            raise errors.Invalid(f"{item.name} does not take this: {'; '.join(problems[:PROBLEMS])}.")

    def _validator(self, item: MenuItem) -> Any:
        schema = bytes(item.schema)
        known = self._validators.get(item.name)
        if known is None or known[0] != schema:
            known = schema, _validator(msgspec.json.decode(schema))
            self._validators[item.name] = known
        return known[1]


def subject(item: MenuItem, caller: Caller) -> str:
    """Where to send a call of an action for a caller."""
    words = item.subject.split(".")
    words[2:4] = token(caller.user), token(caller.actor)
    return ".".join(words)


def _tool(item: MenuItem) -> Tool:
    schema = msgspec.json.decode(item.schema, type=dict[str, object])
    return Tool(name=item.name, description=item.description, schema=schema, examples=item.phrasings)


def _validator(schema: dict[str, Any]) -> Any:
    """Read a schema; one that points elsewhere is refused, for looking there would fetch or read what it names."""
    return jsonschema_rs.validator_for(schema, retriever=_refuse)


def _refuse(address: str) -> Any:
    raise ValueError(f"a schema must stand alone, but this one points to {address}")


def _items(service: ServiceInfo) -> Iterable[MenuItem]:
    for endpoint in service.endpoints or ():
        if "action" in (endpoint.metadata or {}):
            item = _read(service, endpoint)
            if item is not None:
                yield item


def _read(service: ServiceInfo, endpoint: EndpointInfo) -> MenuItem | None:
    """Read one announcement; one that is not of the form is left out and logged."""
    try:
        said = _own(msgspec.convert(endpoint.metadata, Announced))
        schema = msgspec.json.decode(said.schema, type=dict[str, Any])
        _validator(schema)
        phrasings = msgspec.json.decode(said.phrasings, type=tuple[str, ...])
        _check_subject(said.action, endpoint.subject)
    except (msgspec.MsgspecError, jsonschema_rs.ValidationError, errors.Invalid) as error:
        _log.warning(
            "an announced action is left out: %s", error, extra={"action": "menu.refused", "service": service.name}
        )
        return None
    return MenuItem(
        name=said.action,
        description=said.description,
        schema=msgspec.Raw(said.schema.encode()),
        service=service.name,
        subject=endpoint.subject,
        risk=said.risk,
        phrasings=phrasings,
        inverse=said.inverse,
        foreign=said.foreign != "false",
        contained=said.contained == "true",
    )


def _own(said: Announced) -> Announced:
    """For an action of our own nouns the contract's words count, whatever was announced; others there are refused."""
    if said.action in OWN:
        return msgspec.convert(metadata(OWN[said.action]), Announced)
    if said.action.partition(".")[0] in OWN_NOUNS:
        raise errors.Invalid(f"the noun of {said.action} belongs to Daimon itself")
    # What a program says of itself may raise how careful we are, never lower it.
    return msgspec.structs.replace(said, foreign="true", contained="false")


def _check_subject(action: str, address: str) -> None:
    """An action is served for everybody, and its name is the end of its subject: nobody announces under another's."""
    if address != f"{EVERYBODY}.{action}" or action.count(".") != 1:
        raise errors.Invalid(f"the action {action} must be served at {EVERYBODY}.{action}, not at {address}")
