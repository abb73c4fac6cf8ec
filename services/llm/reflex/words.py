"""The closed lists of words by which the reflex reads English."""

from __future__ import annotations

from typing import Final


def words(line: str) -> tuple[str, ...]:
    """Split a line of words."""
    return tuple(line.split())


COUNTED: Final = words(
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
RANKED: Final = words(
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
TOP: Final = words("top front start beginning")
NUMBERS: Final = {
    **{word: number for series in (COUNTED, RANKED) for number, word in enumerate(series, 1)},
    **dict.fromkeys(TOP, 1),
}
BOOLEANS: Final = {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}

COMMANDS: Final = frozenset(words("command cmd shell script code"))
"""Names of arguments that are for a shell."""
QUERIES: Final = frozenset(words("query q search words text"))
"""Names of arguments that may be any words: what is searched for, or noted."""

# Called without anything else that looks like a shell; "run a marathon" is no command.
PROGRAMS: Final = frozenset(
    words(
        "apt awk bash cal cargo cat cd chmod cp curl cut date dd df diff dig dir dmesg du echo env expr factor false "
        "file find free gcc git go grep gzip head hexdump hostname htop id ifconfig ip java jobs jq kill ls lsblk "
        "lscpu lsof make man md5sum mkdir mount mv nano nc netstat node npm nproc nslookup openssl perl pgrep php "
        "ping pip pip3 pkill printenv printf ps pwd pytest python python3 rm rmdir rsync ruby sed seq sh sha256sum "
        "sleep sort ssh stat strings su sudo tac tail tar tee test time top touch tr traceroute tree true uname uniq "
        "unzip uptime uv vi vim vmstat w wc wget which who whoami xargs xz yes zip"
    )
)
PRONOUNS: Final = frozenset(
    words(
        "it this that these those them they all everything anything nothing something someone everyone i me you we us "
        "he him she her one ones what which"
    )
)
DETERMINERS: Final = frozenset(
    words("the a an my your our his her its their this that these those all every each any some more no what")
)
ARTICLES: Final = frozenset(words("the my our a an"))
FUNCTION: Final = frozenset(
    words(
        "to as of on in for is am i me it from off at with and do did not be you about what have has had ever into by "
        "when that this does and or plus than more"
    )
)
"""Words that tell nothing of what is wanted."""
UNFINISHED: Final = frozenset(words("as to is are be of the a an my and or not than am that"))
"""Words with which no name and no title ends."""
