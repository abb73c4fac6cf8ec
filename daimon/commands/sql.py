"""`daimon sql`: ask the log in SQL."""

from __future__ import annotations

import argparse
import csv
import sys

from daimon.connection import Connection
from daimon.terminal import add_json, add_person, on_bus, remark, show_json, table
from proto import memory
from proto.memory import Rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument(
        "sql", nargs="?", help='one SELECT, such as "select kind, count(*) from events group by kind"; - reads it'
    )
    asked.add_argument("--views", action="store_true", help="tell what can be asked: every view and column")
    form = parser.add_mutually_exclusive_group()
    add_json(form)
    form.add_argument("--csv", action="store_true", help="print CSV")
    add_person(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the rows, or what can be asked."""
    if arguments.views:
        return on_bus(_explain, arguments)
    if arguments.sql == "-":
        arguments.sql = sys.stdin.read()
    return on_bus(_ask, arguments)


async def _ask(connection: Connection, arguments: argparse.Namespace) -> int:
    rows = await connection.call(memory.SQL, memory.Query(sql=arguments.sql))
    if arguments.json:
        show_json(rows)
    elif arguments.csv:
        show_csv(rows)
    else:
        print("\n".join(table(rows.columns, rows.rows)))
    if rows.truncated:
        remark(f"Only the first {len(rows.rows)} rows are shown.")
    return 0


async def _explain(connection: Connection, arguments: argparse.Namespace) -> int:
    views = (await connection.call(memory.EXPLAIN, memory.ListViews())).views
    if arguments.json:
        show_json(views)
    for view in () if arguments.json else views:
        print(f"{view.name}: {view.meaning}")
        rows = [(f"  {column.name}", column.type, column.meaning) for column in view.columns]
        print("\n".join(table(("  column", "type", "meaning"), rows)), end="\n\n")
    return 0


def show_csv(rows: Rows) -> None:
    """Print the rows as CSV with a head line."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(rows.columns)
    writer.writerows(rows.rows)
