"""Sources: polls without a result, staleness, addresses without secrets; hosts by name."""

import hashlib
import json
from urllib.parse import urlsplit, urlunsplit

import sqlalchemy as sa
from alembic import op

_SOURCES = sa.table("sources", sa.column("id", sa.Text()), sa.column("url", sa.Text()), sa.column("state", sa.Text()))


def upgrade() -> None:
    with op.batch_alter_table("sources", schema=None) as batch_op:
        batch_op.add_column(sa.Column("lost_leases", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("stale_at", sa.BigInteger(), nullable=True))
    with op.batch_alter_table("sources", schema=None) as batch_op:
        batch_op.alter_column("lost_leases", server_default=None)
    op.execute("DELETE FROM hosts")  # they say when a host may be asked again, for a second
    connection = op.get_bind()
    for row in connection.execute(sa.select(_SOURCES)).all():
        state = json.loads(row.state or "{}")
        for name in ("url", "validators_url"):
            if name in state:
                state[name] = _storable(state[name])
        # Where a secret may be in them, they are found again by the next polls.
        for name in ("adopted_url", "moved_to", "topic"):
            if _storable(row.url) != row.url:
                state.pop(name, None)
        connection.execute(
            sa.update(_SOURCES)
            .where(_SOURCES.c.id == row.id)
            .values(url=_storable(row.url), state=json.dumps(state, separators=(",", ":"), sort_keys=True))
        )
    connection.execute(sa.text("DELETE FROM facts WHERE name LIKE 'websub/%'"))


def _storable(url: str) -> str:
    """As `alerts.feeds.links.storable` was when this was written."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts = None
    if parts is not None and not (parts.query or "@" in parts.netloc):
        return url
    digest = hashlib.blake2b(url.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    if parts is None:
        return f"(unreadable URL) {digest}"
    where = f"{host}:{port}" if port else host
    return urlunsplit((parts.scheme, where, parts.path, "…" if parts.query else "", "")) + " " + digest
