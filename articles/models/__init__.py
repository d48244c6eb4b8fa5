"""The tables of the newsroom, one module per subject."""

# ruff: noqa: F401  what is imported here is what the package offers
# mypy: implicit-reexport

from .appearance import Appearance
from .article import Article, ArticleQuerySet, shown_to_readers
from .desk import Claim, Presence, SavedView
from .image import ArticleImage, Picture, PictureAddress, PictureMark, RelatedImage
from .import_run import ImportProblem, ImportRun
from .link_check import CoverageCheck, LinkCheck
from .operation import Event, Operation, Subject, Verb, Via
from .pairing import Pairing, RefusedPair
from .place import ArticlePlace
from .policy import (
    MODES,
    NUMBERS,
    OVERRIDABLE,
    Policies,
    SitePolicy,
    TopicPolicy,
    let_operations_wait,
    parse_policy_field,
    policy_field,
)
from .preview_link import PreviewLink
from .related import RelatedLink
from .stamp import Stamp
from .suggestion import ArticleTerms, IndexedTerm, Suggestion, SuggestionAnswer, SuggestionCut, TermCount
from .taken_down import TakenDownStories, TakenDownStory
from .topic import ArticleTopic, Topic
