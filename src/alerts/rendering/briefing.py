"""A briefing and a report of a silence as text and HTML, and as a message.

They take the record that a tier may see and hide nothing. No clock is read: equal records give equal bytes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import cache, partial
from typing import Any, Final

from alerts.model.counted import counted
from alerts.model.secret import Secret
from alerts.model.times import parse_time
from alerts.rendering import escape
from alerts.rendering.formats import HTML, PLAIN, Dialect, service_of
from alerts.rendering.render import mail_headers, notice
from alerts.rendering.templating import environment, render
from alerts.rendering.view import MessageView, Rendered, Tone
from alerts.routing.reasons import Reason

_LISTED: Final = (100, 40, 20, 10, 5, 1)  # so many institutions an e-mail lists, the first that fits; the page has more
_MEANINGS: Final = {each.value: each.meaning for each in Reason}
_environment: Final = cache(environment)


def message(record: Mapping[str, Any], view: MessageView, url: Secret) -> Rendered:
    """The briefing for a channel: all of it where there is room to read, else what changed and a link."""
    service = service_of(url.reveal())
    address = f"{view.base_url}/briefing/{record['week']}" if view.base_url else ""
    note = "This may be a second copy: an earlier attempt may have arrived." if view.copy else ""
    counts, shown = record["counts"], record["institutions"]
    said = f"{counted(counts['changes'], 'level change')}, {counted(counts['stories'], 'story', 'stories')}"
    moved = [(each["name"], change) for each, change in _in_order(shown, "changes")][:5]
    lines = [f"{name}: {change['axis']} {change['from']} → {change['to']}" for name, change in moved]
    lines += [f"{each['name']}: {each['stories'][0]['title']}" for each in shown[:3] if each["stories"]]
    payload = {"schema": 1, "copy": view.copy, **record} if service.structured else {}
    made = notice(
        url,
        id=view.id,
        title=f"Briefing {record['week']}: {said}",
        lines=[*filter(None, (note, *lines, address))],
        tone=Tone.INFO,
        payload=payload,
    )
    for most in _LISTED if service.email or service.template == "message.j2" else ():
        some = {**record, "institutions": shown[:most], "omitted": record["omitted"] + max(0, len(shown) - most)}
        body = "\n".join(filter(None, (note, briefing_text(some), address)))
        html = briefing_page(some, note=note, address=address, unsubscribe=view.unsubscribe or "")
        if service.measure(html if service.email else body) <= service.limit:
            mail: dict[str, Any] = {"html": html, "headers": mail_headers(view)} if service.email else {}
            return replace(made, body=body, **mail)
    return made


def _rendered(dialect: Dialect, template: str, record: Mapping[str, Any], **values: str) -> str:
    shown = record["institutions"] if record["kind"] == "briefing" else ()
    sources = {source["number"]: source for each in shown for story in each["stories"] for source in story["sources"]}
    words: dict[str, Any] = {"short": escape.headline, "counted": counted, "meanings": _MEANINGS}
    words["instant"] = lambda text, days=0: parse_time(text) + timedelta(days=days)
    lists = {"falls": _in_order(shown, "falls"), "sources": list(sources.values())}
    env = _environment(dialect)
    text = str(render(env, [template], {"b": record, **words, **lists, **values}))
    return "\n".join(line.rstrip() for line in text.strip().split("\n")) + "\n"


briefing_text: Final = partial(_rendered, PLAIN, "briefing.txt.j2")  # for a terminal and the text part of an e-mail
briefing_body: Final = partial(_rendered, HTML, "briefing_body.html.j2")  # for a page, without its head
briefing_page: Final = partial(_rendered, HTML, "briefing.html.j2", note="", address="", unsubscribe="")  # a document
silence_text: Final = partial(_rendered, PLAIN, "silence.j2")  # for a terminal


def _in_order(shown: Any, name: str) -> list[tuple[Any, Any]]:
    """What a list of the institutions holds, with the institution, in order of time."""
    found = [(each, one) for each in shown for one in each[name]]
    return sorted(found, key=lambda pair: (pair[1]["at"], pair[0]["institution"], pair[1]["axis"]))
