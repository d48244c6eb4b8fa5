"""The tables of the newsroom, one module for each subject."""

from .article import Article, ArticleQuerySet
from .image import ArticleImage, Picture, RelatedImage
from .policy import SitePolicy
from .related import RelatedLink
from .topic import ArticleTopic, Topic

__all__ = [
    "Article",
    "ArticleImage",
    "ArticleQuerySet",
    "ArticleTopic",
    "Picture",
    "RelatedImage",
    "RelatedLink",
    "SitePolicy",
    "Topic",
]
