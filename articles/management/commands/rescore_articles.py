"""`manage.py rescore_articles`: recompute heat and publication by the policy, or explain an article's numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from articles import operations
from articles.audit_log.unit_of_work import Actor
from articles.models import Article, Policies, SitePolicy, Via
from articles.rules.scoring import Policy
from articles.stories.explanation import policy_for
from articles.stories.explanation_text import format_explanation, format_suggestion
from articles.stories.neighbourhood import Neighbourhood
from articles.stories.suggestion import suggest_quality
from config.command_errors import as_command_errors

TRIAL_NUMBERS = ("publish_threshold", "related_bonus", "bonus_floor")


class Command(BaseCommand):
    help = "Recomputes heat and publication of all scored articles by the policy. Pinned fields stay."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")
        parser.add_argument(
            "--suggest", action="store_true", help="first give unscored articles the quality that the policy suggests"
        )
        parser.add_argument("--explain", metavar="NAME", help="explain the numbers of this article")
        for name in TRIAL_NUMBERS:
            option = "--" + name.replace("_", "-")
            parser.add_argument(option, type=int, metavar="N", help="use this number instead of the stored policy's")

    def handle(self, *args: Any, dry_run: bool, suggest: bool, explain: str | None, **options: Any) -> None:
        trial = {name: options[name] for name in TRIAL_NUMBERS if options[name] is not None}
        policy = self._policy(trial) if trial else None
        if explain is not None:
            self._explain(explain, policy)
            return
        articles = Article.objects.all()
        policies = Policies(policy) if policy else None
        by = Actor(via=Via.COMMAND)
        with as_command_errors("The database", "Nothing was changed. Run the same command again."):
            changes = operations.rescore(articles, policies, suggest=suggest, dry_run=dry_run, by=by)
        if options["verbosity"] >= 1:
            for change in changes:
                self.stdout.write(str(change))
        self.stdout.write(f"{articles.count()} articles: {len(changes)} {'would change' if dry_run else 'changed'}")

    def _policy(self, trial: dict[str, int]) -> Policy:
        for name, value in trial.items():
            if value < 0:
                raise CommandError(f"--{name.replace('_', '-')} is {value}; it must be 0 or more.")
        return replace(SitePolicy.current(), **trial)  # type: ignore[arg-type]

    def _explain(self, name: str, policy: Policy | None) -> None:
        try:
            article = Article.objects.get(name=name)
        except Article.DoesNotExist:
            raise CommandError(
                f"No article is named {name}. Names are those of the documents, without suffix."
            ) from None
        policy, owner = (policy, "these numbers") if policy else policy_for(article)
        explanation = Neighbourhood([article.pk]).explain(article, policy)
        for line in format_explanation(explanation, article, called=article.name, policy_owner=owner):
            self.stdout.write(line)
        self.stdout.write(format_suggestion(*suggest_quality(article, policy)))
