"""The week for leadership: what needs a decision, what changed, where everything stands; and never a number that points to a child.

| file | what it holds |
|---|---|
| `week.py`, `config.py` | the ISO week and its cut-off; digest.yaml |
| `tree.py`, `disclosure.py` | places as wholes and parts; what is withheld so that no small count can be worked out |
| `shown.py`, `record.py` | a figure as it may be shown; all of one week, made once and kept |
| `content.py` | the facts for one audience: nothing but figures as they may be shown |
| `compose.py`, `sentences.py`, `words_*.py` | from facts to plain words, by rules |
| `picture*.py`, `pdf*.py` | the pictures, and the letter on paper |
| `year.py` | what became of alerts over the year |

It reads no store and sends nothing: facts come from `pipeline/digest_facts.py`, a letter goes out by `notifications`.
"""
