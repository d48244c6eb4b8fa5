"""Texts that the scripts of the desk show, and the tag that puts them into a page. `text()` of `page.js` reads them."""

from __future__ import annotations

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

register = template.Library()

SCRIPT_TEXTS = {
    "all_selected": _("All %(number)s in this view selected"),
    "changed_keys": _("Changed: %(keys)s."),
    "choose_story": _("Choose a story first: %(key)s."),
    "default_keys": _("Default shortcuts."),
    "enter_number": _("Enter a number."),
    "key_moved": _("%(usual)s is on %(key)s"),
    "last_story": _("This is the last story of the view."),
    "left": _("%(number)s left."),
    "no_connection": _("No connection. Your change was not saved. Try again."),
    "no_quality": _("You can’t change the quality of this story here."),
    "no_heat": _("You can’t change the heat of this story here."),
    "no_topics": _("You can’t change the topics of this story here."),
    "no_source": _("This story has no link to its source."),
    "needs_publish": _("Changing the front page needs the permission to publish."),
    "no_story": _("This story is no longer here."),
    "not_allowed": _("You may not do that: your role doesn’t include it."),
    "not_loaded": _("Part of this page could not be loaded."),
    "place": _("Place %(number)s."),
    "places": _("The places are 1 to %(last)s."),
    "preview_keys": _("Save: Enter. Cancel: Escape."),
    "selected": _("%(number)s selected"),
    "selected_published": _("%(number)s selected, %(published)s published"),
    "server_error": _("The server could not do that (%(status)s)."),
    "session_renewed": _("Your session was renewed in another tab. Reload this page."),
    "signed_out": _("You were signed out. Your change was not saved. Reload this page to sign in."),
    "undo_key": _("Undo: %(key)s"),
    "unsaved": _("There is unsaved text in the open story. Leave it?"),
}


@register.simple_tag
def script_texts() -> SafeString:
    """Return the element from which the scripts of the desk read their texts."""
    return json_script({name: str(text) for name, text in SCRIPT_TEXTS.items()}, "script-texts")
