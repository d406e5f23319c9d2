"""Digests word for word, and the figures of each week as they may be shown.

`digest_sent` goes: it says that something was sent and not what, so no digest can be made of its rows. In the week of the change a digest
that has been sent already may therefore be sent once more. The way back makes the table again, empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "digest_week",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("extract_id", sa.String(length=16), nullable=True),
        sa.Column("body", sa.JSON(), nullable=True),
        sa.Column("made_from", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("source", "week", "revision", name="pk_digest_week"),
    )
    op.create_table(
        "digest",
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("audience", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("letter", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("cut_off", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("source", "week", "audience", "revision", name="pk_digest"),
    )
    op.drop_table("digest_sent")


def downgrade() -> None:
    op.create_table(
        "digest_sent",
        sa.Column("week", sa.String(length=8), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("cut_off", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("week", "recipient", name="pk_digest_sent"),
    )
    op.drop_table("digest")
    op.drop_table("digest_week")
