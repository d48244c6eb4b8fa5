"""The parts of addresses that only the API has."""

from __future__ import annotations

from django.urls import register_converter
from django.urls.converters import IntConverter


class NumberConverter(IntConverter):
    """A page's number, from 1, written as numbers are; no feed has more pages than this has digits for."""

    regex = "[1-9][0-9]{0,8}"


register_converter(NumberConverter, "number")
NUMBER = "{number:number}"
NAME = "{str:name}"
