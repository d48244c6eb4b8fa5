"""A video player as documents embed it."""

PLAYER = (
    '<iframe width="800" height="500" frameborder="0" src="https://www.youtube.com/embed/q7RvN2xLd0A" '
    'allow="accelerometer; autoplay; encrypted-media; gyroscope; picture-in-picture" allowfullscreen></iframe>'
)
