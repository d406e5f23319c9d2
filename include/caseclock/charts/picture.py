"""SVG to PNG, because mail programs and Slack show no SVG. The renderer (resvg) is a compiled library; without it there is no picture."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Final

from caseclock.charts import fonts

log = logging.getLogger(__name__)

SCALE: Final = 2  # pixels of the PNG per pixel of the chart: sharp on dense screens
KEPT: Final = 64  # pictures: one alert goes to several readers, and to each again after a fault


@lru_cache(maxsize=KEPT)
def png(svg: str, scale: float = SCALE) -> bytes | None:
    """The picture on a white ground, the same bytes for the same text, whatever fonts the machine has.

    None where there is no renderer or it fails: a message then goes without its picture, and the log says why (in no words of the data).
    """
    try:
        import resvg_py
    except ImportError:
        log.warning("The library resvg_py is not installed: messages go without pictures")
        return None
    try:
        return bytes(
            resvg_py.svg_to_bytes(
                svg_string=svg,
                zoom=scale,
                skip_system_fonts=True,
                font_files=[str(path) for path in fonts.FILES.values()],
                font_family="DejaVu Sans",
                sans_serif_family="DejaVu Sans",
            )
        )
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic of the compiled renderer is no Exception; a message never fails for its picture
        log.warning("A picture could not be made (%s): its message goes without", type(error).__name__)
        return None
