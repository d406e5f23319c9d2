"""The tables of the caseclock store, in SQLAlchemy Core. SQLite (WAL) by default, PostgreSQL in production.

Moments are ISO texts in UTC with a fixed width, so they sort as text and are the same in both databases; dates likewise.
Nothing here belongs to a child: counts, limits, dates, ids of extracts, teams and messages.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- extracts: the ledger of what has arrived ----------------------------------------------------------------------
extract = Table(
    "extract",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("as_of", String(10), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("received_at", String(32), nullable=False),
    Column("refused", Text),  # why the extract as a whole could not be used
    Column("exported_at", String(32)),  # as its manifest says; a later arrival that was exported earlier is superseded at once
    Column("superseded", Text),  # why another revision of this date, which arrived before it, is newer than it
    Column("figures", String(16)),  # hash of its measure values: another one when they have been made again and are not the same
    UniqueConstraint("source", "as_of", "revision"),
    UniqueConstraint("source", "as_of", "sha256"),
)

step_done = Table(
    "step_done",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("step", String(32), primary_key=True),
    Column("done_at", String(32), nullable=False),
    Column("seconds", Float, nullable=False),
)

turn = Table(  # the line in front of monitor_extract: one extract of a source at a time is given its turn
    "turn",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),  # bytes, as it came
    Column("since", String(32), nullable=False),  # in line since
    Column("given_at", String(32)),  # its run was started then, or is to be
    Column("given_by", String(16)),  # the extract whose run handed the turn on; empty when the intake gave it
    Column("ended_at", String(32)),  # its run is over, well or not
    Index(
        "ix_turn_under_way",
        "source",
        unique=True,
        sqlite_where=text("given_at IS NOT NULL AND ended_at IS NULL"),
        postgresql_where=text("given_at IS NOT NULL AND ended_at IS NULL"),
    ),
)

refusal = Table(  # files that never became an extract: no date in the name, unknown source, unknown form
    "refusal",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("path", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(32), nullable=False),
)

# --- snapshots and quality -----------------------------------------------------------------------------------------
table_count = Table(
    "table_count",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("table_name", String(32), primary_key=True),
    Column("read", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
)

quality_report = Table(
    "quality_report",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("verdict", String(8), nullable=False),
    Column("reasons", JSON, nullable=False),
    Column("findings", JSON, nullable=False),
    Column("absences", JSON, nullable=False),
    Column("blocked_teams", JSON, nullable=False),  # team ids whose rows are gone: their figures do not speak
    Column("expectations", Integer, nullable=False),
    Column("at", String(32), nullable=False),
)

rule_count = Table(  # what each expectation found, met or not
    "rule_count",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("table_name", String(32), primary_key=True),
    Column("rule", String(64), primary_key=True),
    Column("severity", String(8), nullable=False),
    Column("failing", Integer, nullable=False),
    Column("of", Integer, nullable=False),
)

extract_stat = Table(  # numbers about an extract that are compared with earlier ones
    "extract_stat",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("scope", String(128), primary_key=True),
    Column("value", Float, nullable=False),
)

table_change = Table(  # rows against the last accepted extract, by business content
    "table_change",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("table_name", String(32), primary_key=True),
    Column("compared_with", String(16), nullable=False),
    Column("new", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("gone", Integer, nullable=False),
    Column("same", Integer, nullable=False),
    Column("rekeyed", Integer, nullable=False),
)

quarantine_entry = Table(  # a row that is put aside, from the extract that first had it to the one in which it was well or gone
    "quarantine_entry",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("table_name", String(32), primary_key=True),
    Column("row_hash", String(32), primary_key=True),  # of source, table and key: no case reference is kept here
    Column("rule", String(64), primary_key=True),
    Column("column", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("file", Text, nullable=False),  # where it stood in the newest extract that had it
    Column("row", Integer, nullable=False),
    Column("extract_id", String(16), ForeignKey("extract.id"), nullable=False),
    Column("first_seen", String(10), nullable=False),  # as_of
    Column("last_seen", String(10), nullable=False),
    Column("left_on", String(10)),  # as_of of the extract in which it was no longer in quarantine
    Column("left_because", String(16)),  # corrected, gone
    Index("ix_quarantine_entry_open", "source", "left_on"),
    Index("ix_quarantine_entry_sums", "source", "table_name", "rule", "left_on", "left_because", "first_seen"),
)

decision = Table(  # what a person said of a held extract
    "decision",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("decision", String(8), nullable=False),  # approve, reject
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(32), nullable=False),
)

fetched = Table(  # what has been brought from a source's location into the inbox
    "fetched",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("name", String(512), primary_key=True),  # below the location
    Column("signature", String(64), primary_key=True),  # hash of what the location says of it: size, time, etag
    Column("at", String(32), nullable=False),
)

team = Table(  # display names of teams, and of services with `service:` before their id; newest extract wins
    "team",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("team", String(128), primary_key=True),
    Column("name", Text, nullable=False),
    Column("service", Text),
    Column("as_of", String(10), nullable=False),
)

# --- measures ------------------------------------------------------------------------------------------------------
measure_value = Table(
    "measure_value",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("measure", String(96), primary_key=True),
    Column("team", String(128), primary_key=True),
    Column("value", Float),
    Column("n", Integer, nullable=False),
    Index("ix_measure_value_measure_team", "measure", "team"),
)

event = Table(  # what happened to an item between the accepted extract before and this one; `item` is a hash, no case reference is kept
    "event",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("type", String(16), primary_key=True),
    Column("rule", String(64), primary_key=True),  # a timescale, or `case`
    Column("item", String(32), primary_key=True),
    Column("team", String(128), nullable=False),
    Column("before_team", String(128)),  # where it was answered for, when that was another team
    Column("occurred_on", String(10)),  # as the extract says; empty where it does not
)

event_count = Table(  # events of an extract per place and type; zero has a row for the council, and for every place of what befell cases
    "event_count",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("type", String(16), primary_key=True),
    Column("rule", String(64), primary_key=True),
    Column("team", String(128), primary_key=True),
    Column("n", Integer, nullable=False),
)

relook = Table(  # that a sample was drawn, so that it can be drawn again; the cases themselves are in a file of the home folder
    "relook",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("seed", Integer, primary_key=True),
    Column("size", Integer, nullable=False),
    Column("pools", JSON, nullable=False),  # how many cases each pool holds and how many were drawn from it
    Column("at", String(32), nullable=False),
    Column("by", Text, nullable=False),
)

forecast = Table(  # what was foretold as of an extract, so that it can be held against what came
    "forecast",
    metadata,
    Column("extract_id", String(16), ForeignKey("extract.id"), primary_key=True),
    Column("measure", String(96), primary_key=True),
    Column("team", String(128), primary_key=True),
    Column("week", String(10), primary_key=True),  # the Monday of the week that is foretold
    Column("value", Float, nullable=False),
    Column("low", Float, nullable=False),
    Column("high", Float, nullable=False),
)

panel = Table(  # the weekly series of the newest extract of each source, compressed: a cache, for pages
    "panel",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("figure", String(96), primary_key=True),
    Column("part", Integer, primary_key=True),  # places whose past is read in different ways are apart
    Column("extract_id", String(16), nullable=False),  # the extract that they are made of
    Column("format", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

# --- alerts --------------------------------------------------------------------------------------------------------
alert = Table(  # one row per episode; a cache of the fold, for lists and links
    "alert",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("source", String(64), nullable=False),
    Column("rule", String(96), nullable=False),
    Column("team", String(128), nullable=False),
    Column("episode", String(10), nullable=False),  # first as_of of the stay in firing
    Column("condition", String(12), nullable=False),
    Column("severity", String(8)),
    Column("value", Float),
    Column("as_of", String(10)),
    Column("since", String(10)),
    Column("closed_on", String(10)),
    Column("close_kind", String(16)),  # resolved, retracted, limit_changed
    Column("extract_id", String(16)),
    Column("updated_at", String(32), nullable=False),
    UniqueConstraint("source", "rule", "team", "episode"),
)

condition = Table(  # where the fold stands now, per instance that is not NORMAL
    "condition",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("rule", String(96), primary_key=True),
    Column("team", String(128), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("severity", String(8)),
    Column("value", Float),
    Column("as_of", String(10)),
    Column("run", Integer, nullable=False),
    Column("episode", String(10)),
    Column("since", String(10)),
    Column("extract_id", String(16)),
    Column("updated_at", String(32), nullable=False),
)

board = Table(  # where every instance of a source stands, as compressed columns: a cache from which the next run goes on
    "board",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("format", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("updated_at", String(32), nullable=False),
)

alert_event = Table(
    "alert_event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("source", String(64), nullable=False),
    Column("rule", String(96), nullable=False),
    Column("team", String(128), nullable=False),
    Column("episode", String(10)),
    Column("from_state", String(12), nullable=False),
    Column("to_state", String(12), nullable=False),
    Column("severity", String(8)),
    Column("value", Float),
    Column("as_of", String(10)),
    Column("extract_id", String(16)),
    Column("reason", Text, nullable=False),
    Index("ix_alert_event_instance", "source", "rule", "team"),
    Index("ix_alert_event_extract", "extract_id"),
)

told = Table(
    "told",
    metadata,
    Column("recipient", String(64), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("source", String(64), primary_key=True),
    Column("rule", String(96), primary_key=True),
    Column("team", String(128), primary_key=True),
    Column("episode", String(32), primary_key=True),
    Column("severity", String(8)),
    Column("value", Float, nullable=False),
    Column("shown", Float, nullable=False),
    Column("first_at", String(32), nullable=False),
    Column("attention_at", String(32), nullable=False),
    Column("held", Integer, nullable=False),
    Column("open", Integer, nullable=False),
    Column("handle", JSON, nullable=False),
    Column("serial", Integer, nullable=False),
    Column("detail", JSON, nullable=False),
)

handling = Table(  # acknowledgements and silences
    "handling",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("kind", String(8), nullable=False),  # ack, silence
    Column("source", String(64), nullable=False),
    Column("rule", String(96), nullable=False),
    Column("team", String(128), nullable=False),
    Column("episode", String(32)),  # an acknowledgement belongs to one episode
    Column("by", Text, nullable=False),
    Column("reason", Text),
    Column("at", String(32), nullable=False),
    Column("until", String(32), nullable=False),
    Column("ended_at", String(32)),
)

# --- notifications -------------------------------------------------------------------------------------------------
outbox = Table(
    "outbox",
    metadata,
    Column("key", String(40), primary_key=True),  # the delivery key
    Column("seq", Integer, nullable=False),  # order of enqueueing within one recipient and channel
    Column("recipient", String(64), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("mode", String(24), nullable=False),
    Column("payload", JSON, nullable=False),  # items as counts, limits and dates
    Column("state", String(12), nullable=False),  # pending, sending, unknown, sent, failed, dropped
    Column("not_before", String(32)),
    Column("lease_until", String(32)),
    Column("lease_by", String(64)),
    Column("tries", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
    Column("done_at", String(32)),
    Column("handle", JSON(none_as_null=True)),
    Column("reason", Text),
    Column("source", String(64)),
    Column("obsolete", Text),  # why it must not be sent again when it turns out that it has not arrived
    Index("ix_outbox_state", "state"),
    Index("ix_outbox_lane", "recipient", "channel", "state"),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(40), ForeignKey("outbox.key"), nullable=False),
    Column("started_at", String(32), nullable=False),
    Column("ended_at", String(32)),
    Column("outcome", String(12)),
    Column("reason", Text),
    Index("ix_attempt_key", "key"),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", String(32), nullable=False),
    Column("event", String(32), nullable=False),
    Column("subject", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Index("ix_audit_event", "event"),
    Index("ix_audit_subject", "subject"),
)

# --- the weekly digest ---------------------------------------------------------------------------------------------
digest_week = Table(  # the figures of a week as they may be shown; what a correction changes is another revision
    "digest_week",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("week", String(8), primary_key=True),  # ISO: 2026-W47
    Column("revision", Integer, primary_key=True),
    Column("extract_id", String(16)),  # whose figures they are; empty when none was accepted
    Column("body", JSON(none_as_null=True)),  # empty only within the transaction that makes it again
    Column("made_from", JSON, nullable=False),  # extracts of the week that spoke then, each with the hash of its figures
)

digest = Table(  # what was made for one audience and week, word for word: a run that is made again sends the same
    "digest",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("week", String(8), primary_key=True),
    Column("audience", String(64), primary_key=True),  # council, or the id of a service
    Column("revision", Integer, primary_key=True),
    Column("letter", JSON, nullable=False),
    Column("sha256", String(64), nullable=False),  # of the letter
    Column("cut_off", String(32), nullable=False),
    Column("created_at", String(32), nullable=False),
)
