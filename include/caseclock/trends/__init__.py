"""Control charts, forecasts, and whether they came true: arithmetic on series of values. What to read first:

| file | what it holds |
|---|---|
| `spc.py` | the rules of NHS Making Data Count, exactly |
| `charts.py` | the chart of one of our own series: its points, its limits, what the newest one says |
| `series.py`, `from_dates.py` | weekly series from the values of past extracts, and from the dates within one |
| `forecast.py`, `score.py` | the next eight weeks, and how often that came true |
| `given.py` | series that somebody hands over as JSON |
"""
