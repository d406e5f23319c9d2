"""Pictures of series: pure functions from typed values to SVG text, the same bytes for the same values. What to read first:

| file | what it holds |
|---|---|
| `recent.py` | the last figures of one measure with its limits, small enough for a message |
| `control.py` | the control chart of `trends`: mean, limits, special points |
| `frame.py`, `svg.py` | scales and labels that keep out of each other's way; the few shapes, escaping, colours |
| `fonts.py` | how wide a text is, from the font that comes with this room (`fonts/`) |
| `picture.py` | SVG to PNG, for readers that show no SVG |
| `palette.py` | PNGs with few colours, where there is little room |

Each picture has one sentence that says the same (`finding`): it is the alternative text. No meaning lies in a colour alone.
"""
