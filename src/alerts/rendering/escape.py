"""Making foreign text harmless: what feeds say is hostile until shown otherwise.

`clean` comes first and is for every channel; the escapes below it are each for one markup and take cleaned text."""

import html
import ipaddress
import re
import unicodedata
from urllib.parse import quote, urlsplit

ELLIPSIS = "…"
TITLE_LIMIT = 300  # characters of a headline in a message; a longer one is shortened
URL_LIMIT = 2000

_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # letters that print as nothing
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = frozenset({"Zs", "Zl", "Zp"})
_MARKS_IN_A_ROW = 4
_COMMON = re.compile(r"[ -~]*")
_MENTION = re.compile(r"@(?=\S)")
_NO_MENTION = "@\u200b"
_LIVE = re.compile(r"@(?=\w)|#(?=\w)|(?<![\w/])/(?=\w)|(?<!\w)\$(?=[A-Z])")
_LOOKALIKES = str.maketrans({"*": "∗", "~": "∼", "`": "ˋ"})
_EDGE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>~|&#])")
_DISCORD = re.compile(r"([\\`*_\[\]<>~|#])")


def clean(text: str) -> str:
    """One line of printable text.

    Control, bidirectional, zero-width and other invisible characters are removed, lone surrogates and
    unassigned code points too, piled-up combining marks thinned, every run of white space made one blank."""
    if not _COMMON.fullmatch(text):
        text = "".join(_kept(text))
    return " ".join(text.split())


def _kept(text: str) -> list[str]:
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category == "Mn" else 0
        if character in "\t\n\r\v\f\x1c\x1d\x1e\x1f\x85" or category in _SPACES or character in _BLANK:
            kept.append(" ")
        elif category not in _DROPPED and marks <= _MARKS_IN_A_ROW:
            kept.append(character)
    return kept


def shorten(text: str, limit: int) -> str:
    """The text, cut to at most `limit` characters with … at the end where it is longer."""
    if len(text) <= limit:
        return text
    return text[: max(0, limit - 1)].rstrip() + ELLIPSIS


def shorten_at_word(text: str, limit: int) -> str:
    """As `shorten`, but cut between two words where there is a gap in the last third."""
    if len(text) <= limit:
        return text
    cut = text[: max(0, limit - 1)]
    gap = cut.rfind(" ") if text[len(cut) : len(cut) + 1] != " " else len(cut)
    return (cut[:gap] if gap >= limit * 2 // 3 else cut).rstrip(" ,;:–—-") + ELLIPSIS


def title(text: str) -> str:
    """A title in a field of its own, whose markup is the service's affair: nothing in it is live anywhere."""
    return chat(text).replace("](", "]\u200b(").translate(_LOOKALIKES)


def headline(text: str, limit: int = TITLE_LIMIT) -> str:
    """A foreign title as messages show it: cleaned and of bounded length. Of 100 kB only the start is looked at."""
    return shorten(clean(text[: limit * 4]), limit)


def size(text: str) -> int:
    """UTF-16 code units, by which Discord, Telegram and others count; never less than the characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def octets(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text.encode("utf-8", "replace"))


def safe_url(url: str) -> str:
    """The URL as it may be linked, in ASCII, or an empty text where it may not.

    Only http and https, with a host, without user and password (they disguise the host), of at most 2,000
    characters. Characters that any channel's markup knows, `@` and `;` among them, are percent-encoded;
    foreign hosts are punycode."""
    if len(url) > URL_LIMIT or any(ord(character) < 0x21 for character in url):
        return ""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme.lower() not in {"http", "https"} or not host or "@" in parts.netloc:
        return ""
    name = _host(host)
    if not name:
        return ""
    where = name if port is None else f"{name}:{port}"
    try:
        path = quote(parts.path, safe="/%:!$&+,=~*-._")
        query = "?" + quote(parts.query, safe="/%:!$&+,=~*-._?") if parts.query else ""
        fragment = "#" + quote(parts.fragment, safe="/%:!$&+,=~*-._?") if parts.fragment else ""
    except UnicodeEncodeError:  # a lone surrogate
        return ""
    result = f"{parts.scheme.lower()}://{where}{path}{query}{fragment}"
    return result if len(result) <= URL_LIMIT else ""


def _host(host: str) -> str:
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host)}]"
        except ValueError:
            return ""
    try:
        ascii_host = host.encode("idna").decode("ascii").lower() if not host.isascii() else host.lower()
    except UnicodeError:
        return ""
    return ascii_host if re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", ascii_host) else ""


def chat(text: str) -> str:
    """Chats that show text, but know `@room`, `@all`, `<at …>` or `<url|text>` in it."""
    return _MENTION.sub(_NO_MENTION, text).replace("<", "‹").replace(">", "›")


def telegram(text: str) -> str:
    """Telegram's HTML. Names, hash tags, cash tags and commands are live without any markup: they are parted."""
    return html.escape(_LIVE.sub(lambda found: found.group() + "\u200b", text), quote=True)


def slack(text: str) -> str:
    """Slack mrkdwn: `&`, `<` and `>` as entities, so that no mention, channel or link can be written.

    mrkdwn has no escape for `*`, `~`, a backtick or an underscore at the edge of a word: look-alikes stand in."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _EDGE.sub("\uff3f", text.translate(_LOOKALIKES))


def markdown(text: str) -> str:
    """CommonMark and its chat variants. `@` is separated from what follows, so that it mentions no user."""
    return _MENTION.sub(_NO_MENTION, _MARKDOWN.sub(r"\\\1", text))


def discord(text: str) -> str:
    """Discord: Markdown, `<@1>`, `<@&1>` and `<#1>`, and `@everyone` without any markup."""
    return _MENTION.sub(_NO_MENTION, _DISCORD.sub(r"\\\1", text))


def google_chat(text: str) -> str:
    """Google Chat has no escapes: look-alikes for its markup, for links and for `<users/all>`."""
    return _EDGE.sub("\uff3f", text.translate(_LOOKALIKES)).replace("<", "‹").replace(">", "›")
