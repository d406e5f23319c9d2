"""Quality over time: counts per rule, numbers per extract, the life of a quarantined row, decisions on held extracts, what was fetched.

Revision 0002, after 0001.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

EXTRACT = "extract.id"


def upgrade() -> None:
    op.add_column("extract", sa.Column("exported_at", sa.String(length=32), nullable=True))
    op.add_column("extract", sa.Column("superseded", sa.Text(), nullable=True))
    _of_extract(
        "rule_count",
        ["table_name", "rule"],
        sa.Column("table_name", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("failing", sa.Integer(), nullable=False),
        sa.Column("of", sa.Integer(), nullable=False),
    )
    _of_extract(
        "extract_stat",
        ["name", "scope"],
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.String(length=128), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
    )
    _of_extract(
        "table_change",
        ["table_name"],
        sa.Column("table_name", sa.String(length=32), nullable=False),
        sa.Column("compared_with", sa.String(length=16), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("new", "changed", "gone", "same", "rekeyed")),
    )
    _of_extract(
        "decision",
        [],
        sa.Column("decision", sa.String(length=8), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
    )
    op.create_table(
        "quarantine_entry",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("table_name", sa.String(length=32), nullable=False),
        sa.Column("row_hash", sa.String(length=32), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("column", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("extract_id", sa.String(length=16), nullable=False),
        sa.Column("first_seen", sa.String(length=10), nullable=False),
        sa.Column("last_seen", sa.String(length=10), nullable=False),
        sa.Column("left_on", sa.String(length=10), nullable=True),
        sa.Column("left_because", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["extract_id"], [EXTRACT], name="fk_quarantine_entry_extract_id"),
        sa.PrimaryKeyConstraint("source", "table_name", "row_hash", "rule", name="pk_quarantine_entry"),
    )
    op.create_index("ix_quarantine_entry_open", "quarantine_entry", ["source", "left_on"])
    op.create_table(
        "fetched",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("source", "name", "signature", name="pk_fetched"),
    )


def _of_extract(name: str, key: list[str], *columns: "sa.Column[Any]") -> None:
    op.create_table(
        name,
        sa.Column("extract_id", sa.String(length=16), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["extract_id"], [EXTRACT], name=f"fk_{name}_extract_id"),
        sa.PrimaryKeyConstraint("extract_id", *key, name=f"pk_{name}"),
    )


def downgrade() -> None:
    op.drop_table("fetched")
    op.drop_index("ix_quarantine_entry_open", "quarantine_entry")
    for name in ("quarantine_entry", "decision", "table_change", "extract_stat", "rule_count"):
        op.drop_table(name)
    with op.batch_alter_table("extract") as extract:
        extract.drop_column("superseded")
        extract.drop_column("exported_at")
