"""Alembic's entry point: the connection comes from Database.upgrade(), each revision from a file of versions/."""

from collections.abc import Iterator
from functools import partial
from types import ModuleType
from typing import Any

from alembic import context
from alembic.script import Script
from alembic.script.revision import RevisionMap
from alembic.util import load_python_file

from alerts.store.database import revision_files
from alerts.store.statements import execute


def _revisions() -> Iterator[Script]:
    """Each follows the one before: SQL or, where that does not suffice, a module."""
    former = None
    for revision, file in sorted(revision_files().items()):
        module: Any
        if file.suffix == ".sql":
            module = ModuleType(file.stem)
            module.upgrade = partial(execute, file)
        else:
            module = load_python_file(file.parent, file.name)
        module.down_revision = former
        yield Script(module, revision, file)
        former = revision


context.script.revision_map = RevisionMap(_revisions)
# The caller's transaction holds it all.
context.configure(connection=context.config.attributes["connection"], transactional_ddl=False)
context.run_migrations()
