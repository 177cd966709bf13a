"""The names by which everybody knows the workspace, the app and its bot."""

TEAM = "T0PLAYGROUND"
DOMAIN = "playground"
ORIGIN = f"https://{DOMAIN}.slack.com"
"""Where the workspace's messages are linked to; nothing is served there."""

APP = "A0LINEFEED"
BOT_USER = "U0LINEFEED"
BOT_ID = "B0LINEFEED"
SLACKBOT = "USLACKBOT"

GENERAL = "C0GENERAL"
"""The channel that the app cannot leave."""
