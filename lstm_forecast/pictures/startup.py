"""Import of Matplotlib that leaves no folder, no cache and no warning behind."""

import logging
import os
import re
import sys
from importlib.util import find_spec
from pathlib import Path

__all__ = ["start_matplotlib"]

# DejaVu, which comes with Matplotlib, lacks the scripts of East and South Asia: files of fonts that
# have them.
HELPING = re.compile(
    r"NotoSansCJK-Regular|NotoSans-Regular|Arial ?Uni(code)?|Hiragino.*W3|ヒラギノ角ゴ.*"
    r" W3|msyh|wqy-zenhei",
    re.IGNORECASE,
)


def start_matplotlib() -> None:
    """Import Matplotlib with its own fonts and those that help out, unless this process has it
    already.

    On its own it makes folders for settings and caches, or temporary ones with a warning where it
    cannot, and lists all fonts of the system with ``fc-list``, which writes caches, too.
    """
    if "matplotlib.font_manager" in sys.modules:
        return
    settings = {"MPL_IGNORE_SYSTEM_FONTS": "1"}
    package = find_spec("matplotlib")
    # it looks in a folder for settings only if none are named
    if package is not None and package.origin is not None:
        shipped = Path(package.origin).with_name("mpl-data") / "matplotlibrc"
        settings["MATPLOTLIBRC"] = str(shipped)
    ours = {name: value for name, value in settings.items() if name not in os.environ}
    os.environ.update(ours)
    try:
        _import_quietly()
    finally:
        for name in ours:  # processes that are started later are not to inherit it
            del os.environ[name]


def _import_quietly() -> None:
    """Import Matplotlib without a place for its cache, and add the fonts that help out."""
    import matplotlib as mpl

    # nothing can be written below it
    cache, mpl.get_cachedir = mpl.get_cachedir, lambda: os.devnull
    log = logging.getLogger("matplotlib.font_manager")
    log.setLevel(logging.ERROR)  # it warns that its list was not saved
    import matplotlib.figure  # it imports what asks for the cache
    from matplotlib import font_manager

    log.setLevel(logging.NOTSET)
    mpl.get_cachedir = cache
    for font in font_manager.findSystemFonts(
        [*font_manager.X11FontDirectories, *font_manager.OSXFontDirectories]
    ):
        if HELPING.fullmatch(Path(font).stem):
            font_manager.fontManager.addfont(font)
