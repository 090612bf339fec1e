"""A digest in words: its sentence, what needs somebody, the alerts, and the letter of all that. Counts nothing."""

from datetime import date, datetime

from desk.domain.alerts import Level
from desk.domain.claim import Language
from desk.domain.digest import MOST_COUNTED, Clause, Figures, clauses
from desk.domain.money import text_of
from desk.wording import figures
from desk.wording.alerts import level_text
from desk.wording.catalogue import text
from desk.wording.letters import Words


def sentence(told: Figures, due_on: date, language: str) -> str:
    """What happened in one sentence: `今天登记 87 件，…`. The day is named as it is to a reader on the day of the digest."""
    day = text("digest.today" if told.on == due_on else "digest.yesterday", language)
    said = [_clause(each, day, language) for each in clauses(told)]
    return text(f"digest.sentence.{len(said)}", language, **{f"part{place}": part for place, part in enumerate(said)})


def needs_lines(told: Figures, language: str) -> list[tuple[str, str]]:
    """What needs somebody: the code of each, and its line with the number."""
    return [(need.value, text(f"digest.need.{need.value}", language, number=_many(number))) for need, number in told.needs]


def alerts_line(told: Figures, language: str) -> str:
    """How many alerts stand at which level, and the site's own; that there is none."""
    if not told.alerts:
        return text("digest.alerts.none", language)
    parts = [
        text("digest.alerts.each", language, level=level_text(level, language), number=number) for level, number in told.alerts
    ]
    line = text("digest.alerts", language, which=figures.all_of(parts, language))
    if told.own is None:
        return line
    own = text("digest.alerts.own", language, level=level_text(Level(told.own), language))
    return line + figures.gap(language) + own


def figure_lines(told: Figures, language: str) -> list[tuple[str, str]]:
    """The figures of a digest: what each is, and how much; what is not known is left out."""
    counted, fund = told.counted, told.fund

    def money(minor: int) -> str:
        return figures.figure(text_of(minor, fund.currency), fund.currency, language)

    lines = [("lodged", str(counted.lodged))]
    if counted.lodged_before is not None:
        lines.append(("lodged_before", str(counted.lodged_before)))
    lines += [("refunded", str(counted.refunded)), ("paid", money(counted.paid))]
    if counted.median is not None:
        lines.append(("median", figures.wait(counted.median, language)))
    lines += [("missed", str(counted.missed)), ("docket", _many(told.docket)), ("available", money(fund.available))]
    if fund.lasts is not None:
        lines.append(("lasts", figures.whole_days(fund.lasts, language) if fund.lasts else text("digest.under_a_day", language)))
    return [(text(f"digest.figure.{code}", language), value) for code, value in lines]


def digest_letter(told: Figures, name: str, name_en: str, due_at: datetime, url: str) -> Words:
    """The letter of a digest, in Chinese with English below: the desk does not know which of them its officers read.

    `due_at` is at the site's own offset. No name of a merchant stands in it, and none of a person.
    """
    at = text("digest.at", Language.ZH_CN, day=figures.day(due_at.date(), Language.ZH_CN), time=f"{due_at:%H:%M}")
    subject = text("digest.letter.subject", Language.ZH_CN, site=name, at=at)
    both = [_paper(told, site, due_at, url, language) for language, site in ((Language.ZH_CN, name), (Language.EN, name_en))]
    return Words(subject, "\n\n".join(both))


def _paper(told: Figures, site: str, due_at: datetime, url: str, language: str) -> str:
    at = text("digest.at", language, day=figures.day(due_at.date(), language), time=f"{due_at:%H:%M}")
    needs = [f"- {line}" for _, line in needs_lines(told, language)] or [text("digest.needs.none", language)]
    shown = [f"{name}{text('page.colon', language)}{value}" for name, value in figure_lines(told, language)]
    return "\n".join(
        [
            text("digest.letter.heading", language, site=site, at=at), sentence(told, due_at.date(), language), "",
            text("digest.needs", language), *needs, "", alerts_line(told, language), "", *shown, "",
            text("digest.letter.more", language, url=url),
        ]
    )  # fmt: skip


def _clause(clause: Clause, day: str, language: str) -> str:
    known = clause.figures
    spoken: dict[str, object] = {"day": day}
    if "number" in known:
        spoken["number"] = known["number"]
    if "seconds" in known:
        spoken["span"] = figures.wait(known["seconds"], language)
    if "pace" in known:
        spoken["pace"] = figures.whole_days(known["pace"], language)
    if known.get("days"):
        spoken["days"] = figures.whole_days(known["days"], language)
    return text(f"digest.say.{clause.code}", language, **spoken)


def _many(number: int) -> str:
    return f"{number}+" if number >= MOST_COUNTED else str(number)
