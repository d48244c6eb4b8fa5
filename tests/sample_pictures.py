"""Small pictures in any format, encoded by Pillow."""

import io

from PIL import Image


def encode(format="PNG", mode="RGB", size=(40, 30), color=None, **options):
    output = io.BytesIO()
    Image.new(mode, size, color or 0).save(output, format, **options)
    return output.getvalue()
