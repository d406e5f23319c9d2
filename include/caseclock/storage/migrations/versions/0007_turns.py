"""Whose turn it is: one extract of a source at a time. What a store of before has not finished counts as having had its turn."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UNFINISHED = """
INSERT INTO turn (extract_id, source, size, since, given_at, ended_at)
SELECT e.id, e.source, 0, e.received_at, e.received_at, e.received_at FROM extract AS e
WHERE e.superseded IS NULL AND NOT EXISTS (SELECT 1 FROM step_done AS s WHERE s.extract_id = e.id AND s.step = 'notify')
"""


def upgrade() -> None:
    op.create_table(
        "turn",
        sa.Column("extract_id", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.String(length=32), nullable=False),
        sa.Column("given_at", sa.String(length=32), nullable=True),
        sa.Column("given_by", sa.String(length=16), nullable=True),
        sa.Column("ended_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["extract_id"], ["extract.id"], name="fk_turn_extract_id"),
        sa.PrimaryKeyConstraint("extract_id", name="pk_turn"),
    )
    given = sa.text("given_at IS NOT NULL AND ended_at IS NULL")
    op.create_index("ix_turn_under_way", "turn", ["source"], unique=True, sqlite_where=given, postgresql_where=given)
    op.execute(UNFINISHED)


def downgrade() -> None:
    op.drop_index("ix_turn_under_way", "turn")
    op.drop_table("turn")
