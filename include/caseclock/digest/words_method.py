"""The re-look sample, the method, the limits in force, and what is withheld and why."""

from __future__ import annotations

from caseclock.digest import sentences as s
from caseclock.digest.content import Content
from caseclock.notifications.letter import Block, Bullets, Paragraph, Section


def relook(c: Content) -> Section | None:
    """Done or not, and why it matters; None for a reader whom it does not concern."""
    if c.relook is None:
        return None
    said = s.relook(c.relook)
    tone = "" if c.relook.day else "amber"
    return Section("Re-look sample", (Paragraph(said, "amber" if tone else ""), Paragraph(s.WHY_RELOOK)), (said,))


def method(c: Content) -> Section:
    """Last, for whoever doubts a figure."""
    blocks: list[Block] = [Paragraph(withheld(c.small))]
    blocks += [Paragraph(s.ended(s.capital(c.cannot_show)))] if c.cannot_show else []
    if c.limits:
        blocks += [Paragraph("These limits are in force."), Bullets(tuple(s.capital(s.ended(limit)) for limit in c.limits))]
    else:
        blocks.append(Paragraph("No limit is in force."))
    return Section("Method and limits", tuple(blocks))


def withheld(small: int) -> str:
    """Why a figure is a range or withheld, in the words of the table."""
    return (
        f'A count of 1 to {small} is shown as "1 to {small}", as a wider range or as "withheld", and so is every figure from which it '
        f"could be worked out. Shares and averages of few cases are withheld, so that nothing here points to a child."
    )


def foot(c: Content) -> tuple[str, ...]:
    """How the letter came about, and whom to ask."""
    made = "Made by caseclock by fixed rules from the council's own extracts; the same data gives the same words."
    return (made, f"Questions: {c.contact}.") if c.contact else (made,)
