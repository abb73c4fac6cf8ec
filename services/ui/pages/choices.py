"""The settings pages about the model: approvals, instructions, models, the content filter, a conversation's options."""

from __future__ import annotations

from itertools import groupby

import msgspec

from proto.choices import Version
from proto.llm import ModelLine
from proto.models import Options
from proto.ui import Html
from proto.ui_settings import (
    ApprovalsPage,
    FilterPage,
    InstructionsPage,
    ModelsPage,
    OptionsPage,
    SuggestionsPage,
    Typed,
)
from services.ui.differences import differences
from services.ui.templating import page as render


def approvals(view: ApprovalsPage) -> Html:
    """What happens when the model calls each action."""
    return render("approvals.html", heading="Approvals", frame=view.frame, view=view)


def instructions(view: InstructionsPage) -> Html:
    """One instruction, its versions and their differences."""
    texts = {version.number: version.text for version in view.versions}
    shown = texts.get(view.shown, "")
    return render(
        "instructions.html",
        heading="Instructions",
        frame=view.frame,
        view=view,
        text=shown if view.draft is None else view.draft,
        changes=differences(texts.get(view.against, ""), shown),
        used=_used(view.versions),
        counts={count.number: count for count in view.counts},
    )


def models(view: ModelsPage) -> Html:
    """Which model does each job, and where the models are."""
    return render("models.html", heading="Models", frame=view.frame, view=view, servers=by_server(view.models))


def content_filter(view: FilterPage) -> Html:
    """What is held back."""
    return render("filter.html", heading="Content filter", frame=view.frame, view=view)


def suggestions(view: SuggestionsPage) -> Html:
    """What the ghost offers and has learnt."""
    return render("suggestions.html", heading="Suggestions", frame=view.frame, view=view, found=view.found)


def options(view: OptionsPage) -> Html:
    """How the model answers in a conversation."""
    typed = view.typed or said(view.options)
    return render("options.html", frame=view.frame, view=view, typed=typed, servers=by_server(view.models))


def by_server(models: tuple[ModelLine, ...]) -> dict[str, tuple[ModelLine, ...]]:
    """The models by where they are."""
    ordered = sorted(models, key=lambda line: line.server)
    return {server: tuple(lines) for server, lines in groupby(ordered, key=lambda line: line.server)}


def said(options: Options) -> Typed:
    """Options as one types them."""
    known = msgspec.to_builtins(options)
    return Typed(**{name: str(value).lower() if name == "think" else str(value) for name, value in known.items()})


def _used(versions: tuple[Version, ...]) -> int:
    return next((version.number for version in versions if version.used), 0)
