"""The list of channels is the files on disk, and only what is set up is opened."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from caseclock.notifications import channels
from caseclock.settings import Settings, SlackSettings, SmtpSettings


def test_every_file_is_listed_and_every_name_has_a_file():
    files = {path.stem for path in Path(channels.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(channels.CHANNELS)


def test_only_what_is_set_up_is_opened(tmp_path):
    bare = Settings(home=tmp_path, store_url="sqlite://", config=tmp_path, inbox=tmp_path)
    assert channels.open_channels(bare) == {}
    slack, smtp = SlackSettings(token=SecretStr("t")), SmtpSettings(host="localhost")
    opened = channels.open_channels(bare.model_copy(update={"slack": slack, "smtp": smtp}))
    assert {name: channel.name for name, channel in opened.items()} == {"slack": "slack", "email": "email"}
