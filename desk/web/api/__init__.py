"""The JSON API. `routers` are its parts, in the order of the documentation; `hot_routes` are asked before all others."""

from desk.web.api import (
    alerts,
    breaks,
    claims,
    correspondence,
    day_closes,
    decisions,
    docket,
    endings,
    evidence,
    facts,
    follow_ups,
    fund,
    gateway,
    gateway_messages,
    incidents,
    lodging,
    notifications,
    payouts,
    pledges,
    promises,
    recovery,
    reminders,
    respondents,
    returns,
    runway,
    sends,
    settlements,
    status,
    visitor_acts,
)

routers = (
    claims.router, facts.router, decisions.router, correspondence.router, endings.router, docket.router, reminders.router,
    payouts.router, fund.router, runway.router, sends.router, breaks.router, day_closes.router, gateway.router,
    gateway_messages.router, visitor_acts.router, evidence.router, recovery.router, respondents.router,
    promises.router, follow_ups.router,
    returns.router, pledges.router, alerts.router, notifications.router, incidents.router, settlements.router,
)  # fmt: skip
hot_routes = (status.route, lodging.route)
