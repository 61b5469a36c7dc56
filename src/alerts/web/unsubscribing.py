"""Ending a channel from a message: one click (RFC 8058), or a page that asks first."""

from contextlib import suppress

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from alerts.access.links import unsubscriber
from alerts.model.errors import NotFoundError
from alerts.pipeline import operate
from alerts.web.auth import Visitor, form_of
from alerts.web.site import Site, site_of


async def unsubscribe(request: Request) -> Response:
    """GET asks, for mail scanners follow links; POST does it. The token alone decides: no cookie is needed."""
    site, subscriber, channel = _asked(request)
    state = "asked"
    if request.method == "POST":
        fields = await form_of(request)
        with suppress(NotFoundError):  # no longer configured: nothing is sent to it, which is what was asked for
            await run_in_threadpool(operate.unsubscribe, site.runtime, subscriber, channel)
        if "List-Unsubscribe" in fields:  # the mail program asks, not a person
            return PlainTextResponse("unsubscribed\n")
        state = "gone"
    return await run_in_threadpool(_page, request, site, subscriber, channel, state)


async def undo(request: Request) -> Response:
    """Takes it back."""
    site, subscriber, channel = _asked(request)
    try:
        await run_in_threadpool(operate.resubscribe, site.runtime, subscriber, channel)
    except NotFoundError:
        raise HTTPException(404, "This channel is no longer configured: nothing will be sent to it.") from None
    return await run_in_threadpool(_page, request, site, subscriber, channel, "back")


def _asked(request: Request) -> tuple[Site, str, str]:
    site = site_of(request)
    found = unsubscriber(site.authenticator.signer, request.path_params["token"])
    if found is None:
        raise HTTPException(403, "This link is not complete: follow it from the message again.")
    return site, *found


def _page(request: Request, site: Site, subscriber: str, channel: str, state: str) -> Response:
    values = {"subscriber": subscriber, "channel": channel, "state": state}
    return site.page(request, "unsubscribe.html.j2", Visitor(), values)
