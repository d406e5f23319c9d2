"""Where every instance stands, kept between runs; the hash of an extract's figures. Rows of what is NORMAL are not kept any more."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("extract", sa.Column("figures", sa.String(length=16), nullable=True))
    op.create_table(
        "board",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_board"),
    )
    op.execute("DELETE FROM \"condition\" WHERE state = 'NORMAL'")


def downgrade() -> None:
    """The next run of an earlier version writes the rows of what is NORMAL again."""
    op.drop_table("board")
    op.drop_column("extract", "figures")
