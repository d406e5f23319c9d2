"""The first schema.

Revision 0001; nothing comes before it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:

    op.create_table(
        "alert",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=96), nullable=False),
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("episode", sa.String(length=10), nullable=False),
        sa.Column("condition", sa.String(length=12), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("as_of", sa.String(length=10), nullable=True),
        sa.Column("since", sa.String(length=10), nullable=True),
        sa.Column("closed_on", sa.String(length=10), nullable=True),
        sa.Column("close_kind", sa.String(length=16), nullable=True),
        sa.Column("extract_id", sa.String(length=16), nullable=True),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sa.UniqueConstraint("source", "rule", "team", "episode", name=op.f("uq_alert_source_rule_team_episode")),
    )
    op.create_table(
        "alert_event",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=96), nullable=False),
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("episode", sa.String(length=10), nullable=True),
        sa.Column("from_state", sa.String(length=12), nullable=False),
        sa.Column("to_state", sa.String(length=12), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("as_of", sa.String(length=10), nullable=True),
        sa.Column("extract_id", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_event")),
    )
    op.create_index("ix_alert_event_instance", "alert_event", ["source", "rule", "team"], unique=False)
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_event", "audit", ["event"], unique=False)
    op.create_index("ix_audit_subject", "audit", ["subject"], unique=False)
    op.create_table(
        "condition",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=96), nullable=False),
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=True),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("as_of", sa.String(length=10), nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("episode", sa.String(length=10), nullable=True),
        sa.Column("since", sa.String(length=10), nullable=True),
        sa.Column("extract_id", sa.String(length=16), nullable=True),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("source", "rule", "team", name=op.f("pk_condition")),
    )
    op.create_table(
        "digest_sent",
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("cut_off", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("week", "recipient", name=op.f("pk_digest_sent")),
    )
    op.create_table(
        "extract",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("as_of", sa.String(length=10), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("received_at", sa.String(length=32), nullable=False),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extract")),
        sa.UniqueConstraint("source", "as_of", "revision", name=op.f("uq_extract_source_as_of_revision")),
        sa.UniqueConstraint("source", "as_of", "sha256", name=op.f("uq_extract_source_as_of_sha256")),
    )
    op.create_table(
        "handling",
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=96), nullable=False),
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("episode", sa.String(length=32), nullable=True),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("until", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handling")),
    )
    op.create_table(
        "outbox",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("mode", sa.String(length=24), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("not_before", sa.String(length=32), nullable=True),
        sa.Column("lease_until", sa.String(length=32), nullable=True),
        sa.Column("lease_by", sa.String(length=64), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("done_at", sa.String(length=32), nullable=True),
        sa.Column("handle", sa.JSON(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("obsolete", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_outbox")),
    )
    op.create_index("ix_outbox_lane", "outbox", ["recipient", "channel", "state"], unique=False)
    op.create_index("ix_outbox_state", "outbox", ["state"], unique=False)
    op.create_table(
        "refusal",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("sha256", "name", name=op.f("pk_refusal")),
    )
    op.create_table(
        "team",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("as_of", sa.String(length=10), nullable=False),
        sa.PrimaryKeyConstraint("source", "team", name=op.f("pk_team")),
    )
    op.create_table(
        "told",
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("rule", sa.String(length=96), nullable=False),
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("episode", sa.String(length=32), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=True),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("shown", sa.Float(), nullable=False),
        sa.Column("first_at", sa.String(length=32), nullable=False),
        sa.Column("attention_at", sa.String(length=32), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("handle", sa.JSON(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("recipient", "channel", "source", "rule", "team", "episode", name=op.f("pk_told")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.String(length=32), nullable=False),
        sa.Column("ended_at", sa.String(length=32), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["key"], ["outbox.key"], name=op.f("fk_attempt_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
    )
    op.create_index("ix_attempt_key", "attempt", ["key"], unique=False)
    op.create_table(
        "measure_value",
        sa.Column("extract_id", sa.String(length=16), nullable=False),
        sa.Column("measure", sa.String(length=96), nullable=False),
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["extract_id"], ["extract.id"], name=op.f("fk_measure_value_extract_id")),
        sa.PrimaryKeyConstraint("extract_id", "measure", "team", name=op.f("pk_measure_value")),
    )
    op.create_index("ix_measure_value_measure_team", "measure_value", ["measure", "team"], unique=False)
    op.create_table(
        "quality_report",
        sa.Column("extract_id", sa.String(length=16), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("absences", sa.JSON(), nullable=False),
        sa.Column("blocked_teams", sa.JSON(), nullable=False),
        sa.Column("expectations", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["extract_id"], ["extract.id"], name=op.f("fk_quality_report_extract_id")),
        sa.PrimaryKeyConstraint("extract_id", name=op.f("pk_quality_report")),
    )
    op.create_table(
        "step_done",
        sa.Column("extract_id", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("done_at", sa.String(length=32), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(["extract_id"], ["extract.id"], name=op.f("fk_step_done_extract_id")),
        sa.PrimaryKeyConstraint("extract_id", "step", name=op.f("pk_step_done")),
    )
    op.create_table(
        "table_count",
        sa.Column("extract_id", sa.String(length=16), nullable=False),
        sa.Column("table_name", sa.String(length=32), nullable=False),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["extract_id"], ["extract.id"], name=op.f("fk_table_count_extract_id")),
        sa.PrimaryKeyConstraint("extract_id", "table_name", name=op.f("pk_table_count")),
    )


def downgrade() -> None:

    op.drop_table("table_count")
    op.drop_table("step_done")
    op.drop_table("quality_report")
    op.drop_index("ix_measure_value_measure_team", table_name="measure_value")
    op.drop_table("measure_value")
    op.drop_index("ix_attempt_key", table_name="attempt")
    op.drop_table("attempt")
    op.drop_table("told")
    op.drop_table("team")
    op.drop_table("refusal")
    op.drop_index("ix_outbox_state", table_name="outbox")
    op.drop_index("ix_outbox_lane", table_name="outbox")
    op.drop_table("outbox")
    op.drop_table("handling")
    op.drop_table("extract")
    op.drop_table("digest_sent")
    op.drop_table("condition")
    op.drop_index("ix_audit_subject", table_name="audit")
    op.drop_index("ix_audit_event", table_name="audit")
    op.drop_table("audit")
    op.drop_index("ix_alert_event_instance", table_name="alert_event")
    op.drop_table("alert_event")
    op.drop_table("alert")
