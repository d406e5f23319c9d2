"""From intents to messages that arrive once: neutral message, outbox, delivery, channels."""

from caseclock.notifications.model import Capabilities, Channel, ChannelError, Handle, Item, Message, Recipient

__all__ = ["Capabilities", "Channel", "ChannelError", "Handle", "Item", "Message", "Recipient"]
