"""`alerts web`: the pages, the JSON interface, feeds, health and metrics."""

import os

import click

from alerts.cli.context import App
from alerts.embedded import listening


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on; 0.0.0.0 for all.")
@click.option("--port", default=8321, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.pass_obj
def web(app: App, host: str, port: int) -> None:
    """Serve the pages; `alerts run` does it, too."""
    import uvicorn

    from alerts.access.links import base_url
    from alerts.access.sign_on import sign_on
    from alerts.access.signing import METRICS_ENV, operator_token, signer
    from alerts.config.environment import setting
    from alerts.runtime import logs
    from alerts.runtime.runtime import runtime_on
    from alerts.web.app import create_app
    from alerts.web.connections import BoundedProtocol
    from alerts.web.middleware import known_hosts

    logs.configure()
    with app.open() as database, listening(host, port) as listener:
        database.upgrade()
        # Nothing is enqueued: the next tick finds in the database what is due.
        runtime = runtime_on(database, app.config_dir, app.state, lambda _requests: None)
        application = create_app(
            runtime,
            signer(app.state, os.environ),
            operator_token(app.state, os.environ),
            base_url=base_url(os.environ),
            hosts=known_hosts(base_url(os.environ), os.environ),
            metrics_token=setting(os.environ, METRICS_ENV),
            sign_on=sign_on(os.environ),
        )
        server = uvicorn.Server(
            uvicorn.Config(
                application,
                log_config=None,
                access_log=False,  # addresses may hold tokens; the application logs without them
                server_header=False,
                timeout_graceful_shutdown=5,
                proxy_headers=True,  # from the addresses in FORWARDED_ALLOW_IPS alone; 127.0.0.1 by default
                http=BoundedProtocol,
                ws="none",
            )
        )
        app.warn_of_passwords()
        click.echo(f"alerts: pages at http://{host}:{listener.getsockname()[1]}/", err=True)
        server.run(sockets=[listener])
