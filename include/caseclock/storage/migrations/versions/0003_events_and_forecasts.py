"""Events between extracts, samples that were drawn, forecasts."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _of_extract(
        "event",
        ["type", "rule", "item"],
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("before_team", sa.String(length=128), nullable=True),
        sa.Column("occurred_on", sa.String(length=10), nullable=True),
    )
    _of_extract(
        "event_count",
        ["type", "rule", "team"],
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
    )
    _of_extract(
        "relook",
        ["seed"],
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pools", sa.JSON(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
    )
    _of_extract(
        "forecast",
        ["measure", "team", "week"],
        sa.Column("measure", sa.String(length=96), nullable=False),
        sa.Column("team", sa.String(length=128), nullable=False),
        sa.Column("week", sa.String(length=10), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
    )


def _of_extract(name: str, key: list[str], *columns: "sa.Column[Any]") -> None:
    op.create_table(
        name,
        sa.Column("extract_id", sa.String(length=16), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["extract_id"], ["extract.id"], name=f"fk_{name}_extract_id"),
        sa.PrimaryKeyConstraint("extract_id", *key, name=f"pk_{name}"),
    )


def downgrade() -> None:
    for name in ("forecast", "relook", "event_count", "event"):
        op.drop_table(name)
