"""Every command by its group, and the front page of `desk --help`. What a command does stands in the file of its group."""

import typer
from typer.core import TyperGroup

from desk.cli import (
    calendar,
    claims,
    closes,
    db,
    demo,
    digest,
    gateway_sandbox,
    jobs,
    officers,
    packs,
    promises,
    reconcile,
    recoveries,
    replay,
    seed,
    sends,
    serve,
    simulate,
    sites,
    verify,
    version,
    work,
)

FRONT = """\
A small-claims desk for tourism disputes.
Usage: desk COMMAND [OPTIONS]     (desk COMMAND --help tells the rest)
Run
  demo       A simulated day of Golden Week, in a temporary folder
  serve      Serve the web and its worker
  work       Run the worker on its own
  gateway-sandbox  Play a payment gateway, for trying out
Set up
  db         Bring the database to the newest schema
  sites      Add and list sites
  officers   Add, list and disable staff; give and revoke tokens
  calendar   Publish each year's holidays
  packs      List, show and compare the rule packs
  seed       Sites and staff for trying out; never in production
Look
  claims     Import published cases; list and show claims
  replay     Ask the rule again about past claims, under another pack
  simulate   What the fund would have paid, had a limit been another
  verify     Check every promise the records must keep
  reconcile  Match payouts with the gateway's statements
  recoveries What respondents owe for refunds that were paid
  sends      The stop switch: let no refund leave, and let them leave again
  jobs       What the worker could not do, and letting it try again
  closes     What the cashiers counted at the end of their days
  promises   What became of a site's promises, and what was missed
  digest     How a site stood when its last digest was due, or stands now
  version    What is running here

Examples: desk demo · desk officers add 王芳 --role intake --site huangshan
          desk claims list --as 王芳 --json
"""


class FrontPage(TyperGroup):
    """The root command, whose help is one screen."""

    def get_help(self, ctx: object) -> str:  # noqa: ARG002 - the page is the same in every context
        """The front page."""
        return FRONT.rstrip("\n")


app = typer.Typer(
    cls=FrontPage,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"max_content_width": 110},
)


@app.callback()
def desk() -> None:
    """A small-claims desk for tourism disputes."""


def _add(group: typer.Typer, name: str) -> None:
    app.add_typer(group, name=name, no_args_is_help=True)


app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("work")(work.work)
app.command("gateway-sandbox")(gateway_sandbox.gateway_sandbox)
app.command("seed")(seed.seed)
app.command("replay")(replay.replay)
app.command("simulate")(simulate.simulate)
app.command("verify")(verify.verify)
app.command("reconcile")(reconcile.reconcile)
app.command("digest")(digest.digest)
app.command("version")(version.version)
_add(db.group, "db")
_add(sites.group, "sites")
_add(sends.group, "sends")
_add(closes.group, "closes")
_add(jobs.group, "jobs")
_add(officers.group, "officers")
_add(calendar.group, "calendar")
_add(packs.group, "packs")
_add(claims.group, "claims")
_add(recoveries.group, "recoveries")
_add(promises.group, "promises")
