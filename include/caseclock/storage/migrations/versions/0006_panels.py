"""The weekly series of the newest extract of each source, for pages. A store of before has none: the next extract makes them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "panel",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("figure", sa.String(length=96), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("extract_id", sa.String(length=16), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("source", "figure", "part", name="pk_panel"),
    )
    op.create_index("ix_alert_event_extract", "alert_event", ["extract_id"])
    columns = ["source", "table_name", "rule", "left_on", "left_because", "first_seen"]
    op.create_index("ix_quarantine_entry_sums", "quarantine_entry", columns)


def downgrade() -> None:
    op.drop_index("ix_quarantine_entry_sums", "quarantine_entry")
    op.drop_index("ix_alert_event_extract", "alert_event")
    op.drop_table("panel")
