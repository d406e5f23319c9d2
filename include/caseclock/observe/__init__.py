"""How caseclock is watched: figures about itself, how they get out, and what its log may hold.

| file | what it holds |
|---|---|
| `figures.py` | the figures: name, help, labels, value; read from the store by small queries |
| `exposition.py` | as Prometheus or OpenMetrics text |
| `push.py`, `otlp.py`, `statsd.py` | sent to a collector, within some seconds, without ever failing a task |
| `redact.py` | what is taken out of every line of a log |
| `fault.py` | a foreign error in words of our own: its text may quote a row |
| `logs.py` | where records go: lines for people, or JSON |

No figure has a label that names a team, a person or a case.
"""
