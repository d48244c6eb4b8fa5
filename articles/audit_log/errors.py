"""Why an act is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from articles.rules.publish_checks import Check

NAMED_MAX = 5  # stories in one sentence


class ActionError(Exception):
    """An action is not possible. The text follows the name of the article: it says why and what to do instead."""

    def about(self, subject: str) -> str:
        """Return the text as a sentence about the subject that it follows."""
        return _("%(subject)s %(problem)s.") % {"subject": subject, "problem": self}

    @property
    def sentence(self) -> str:
        """The text as a sentence about the story on the screen."""
        return self.about(_("This story"))


class SentenceError(ActionError):
    """The same, if the text is a sentence by itself."""

    def about(self, subject: str) -> str:
        return str(self)


@dataclass(frozen=True, slots=True)
class FailedStory:
    """A story that would be published, with its checks that ask before."""

    pk: int
    title: str
    checks: Sequence[Check]


class ChecksFailedError(SentenceError):
    """A person would publish stories with failed checks that ask before, and has given no reason to do so.

    `lacks_reason`: they chose to override the checks, but a reason is missing.
    """

    def __init__(
        self, stories: Sequence[FailedStory], labels: Mapping[Check, object], *, lacks_reason: bool = False
    ) -> None:
        self.stories = list(stories)
        self.lacks_reason = lacks_reason
        named = [f"“{story.title}”: {', '.join(str(labels[check]) for check in story.checks)}" for story in stories]
        if len(named) > NAMED_MAX:
            more = len(named) - NAMED_MAX
            named = [
                *named[:NAMED_MAX],
                ngettext("%(more)s more story", "%(more)s more stories", more) % {"more": more},
            ]
        super().__init__(_("Failed publish checks ask for a reason. %(stories)s.") % {"stories": "; ".join(named)})
