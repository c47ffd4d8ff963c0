"""Showing how far a call is."""


class Progress:
    """What a call reports to: None, a class or function such as tqdm.tqdm, which makes a
    bar when it is called with total, unit and unit_scale, or a bar that is there, of
    which only update is used. total is the bytes of elements that there are."""

    def __init__(self, progress, total):
        self._whole, self._shown, self._before = total or 0, 0, 0
        self._own = progress is not None and (isinstance(progress, type) or not hasattr(progress, "update"))
        self._bar = progress(total=total, unit="B", unit_scale=True) if self._own else progress

    @property
    def native(self):
        """The function that the native side calls, or None."""
        return None if self._bar is None else self._show

    def _show(self, done, total=-1):
        """Show how many bytes of a part are done."""
        if done + self._before > self._shown:
            self._bar.update(done + self._before - self._shown)
            self._shown = done + self._before

    def part(self, size):
        """Say that a part of so many bytes is done, and the next begins."""
        self._before += size
        if self._bar is not None:
            self._show(0)

    def more(self, size):
        """Say that so many bytes come on top."""
        self._whole += size

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if self._bar is not None and kind is None and self._whole:
            self._before = 0
            self._show(self._whole)
        if self._own and hasattr(self._bar, "close"):
            self._bar.close()
