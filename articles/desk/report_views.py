"""Reports of the newsroom, as pages and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from django import forms
from django.http import Http404, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from articles.public.dates import start_of_day

from .day_field import DayField
from .reports import REPORTS, Period, Report, Row, StoryCell
from .view_helpers import DeskRequest, desk_view, render_admin

DAYS = 30  # of a period that nobody chose
ROWS_MAX = 200  # on the page; the CSV has all
SUMMED_MAX = 20_000  # rows that the chart sums up
BARS_MAX = 15
FORMULA_STARTS = tuple("=+-@＝＋－＠")  # also in the wide form that East Asian keyboards type


class PeriodForm(forms.Form):
    """The days of a report. Invalid ones are reported and left out."""

    since = DayField(gettext_lazy("From day"))
    until = DayField(gettext_lazy("To day"))

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, auto_id="report-%s", label_suffix="")

    def period(self) -> Period:
        """Return the chosen days, by default the last thirty, in the editor's time zone; the fields show them."""
        self.is_valid()
        now = timezone.now()
        until = self.cleaned_data.get("until") or timezone.localdate(now)
        since = self.cleaned_data.get("since") or until - timedelta(days=DAYS - 1)
        typed = {name: value for name, value in self.data.items() if value}
        self.data = {"since": since.isoformat(), "until": until.isoformat()} | typed
        end = start_of_day(until + timedelta(days=1))
        return Period(start_of_day(since), end, timezone.get_current_timezone(), now)


@dataclass(frozen=True)
class Bar:
    """A bar of a chart; `width` is its share of the longest one in percent."""

    label: str
    number: int
    width: int


@require_safe
@desk_view()
def reports(request: DeskRequest, key: str = "decisions") -> HttpResponseBase:
    """Show a report as a table with a chart."""
    report = _report(key)
    form = PeriodForm(request.GET)
    period = form.period()
    rows = list(islice(iter(report.rows(period)), SUMMED_MAX))
    context = {
        "title": report.title,
        "report": report,
        "reports": REPORTS.values(),
        "form": form,
        "rows": rows[:ROWS_MAX],
        "period": period,
        "last_day": period.end - timedelta(hours=1),
        "has_more": len(rows) > ROWS_MAX,
        "rows_max": ROWS_MAX,
        "bars": chart_bars(report.bars(rows)),
        "query": request.GET.urlencode(),
    }
    return render_admin(request, "desk/reports.html", context)


@require_safe
@desk_view()
def report_csv(request: DeskRequest, key: str) -> HttpResponseBase:
    """Send a report as CSV, row by row."""
    report = _report(key)
    rows = report.rows(PeriodForm(request.GET).period())
    response = StreamingHttpResponse(csv_lines(report, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{report.key}.csv"'
    return response


def csv_lines(report: Report, rows: Iterable[Row]) -> Iterator[str]:
    """Return the lines of a report. No value begins as a formula does, which spreadsheets would run."""
    writer = csv.writer(_Echo())
    yield writer.writerow([str(column) for column in report.columns])
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def chart_bars(values: list[tuple[str, int]]) -> list[Bar]:
    """Return the first bars of a chart; what is left out, only the table has."""
    shown = values[:BARS_MAX]
    most = max((number for _label, number in shown), default=0) or 1
    return [Bar(label, number, round(100 * number / most)) for label, number in shown]


def _report(key: str) -> Report:
    if key not in REPORTS:
        raise Http404(_("There is no such report."))
    return REPORTS[key]


def _cell(value: Any) -> Any:
    value = str(value) if isinstance(value, StoryCell) else value
    if isinstance(value, str) and value.lstrip().startswith(FORMULA_STARTS):
        return f"'{value}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value


class _Echo:
    """A file that returns what is written to it."""

    def write(self, text: str) -> str:
        return text
