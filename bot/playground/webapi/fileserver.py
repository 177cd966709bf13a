"""The download of files, behind their `url_private`."""

from collections.abc import Collection

from aiohttp import web

from bot.playground.webapi.directory import seen_file
from bot.playground.workspace.identity import TEAM
from bot.playground.workspace.state import Workspace

SCOPE = "files:read"

LOGIN_PAGE = (
    "<!DOCTYPE html><html><head><title>Sign in | Slack</title></head>"
    "<body><form><h1>Sign in to your workspace</h1></form></body></html>"
)
"""What Slack sends to whoever may not read a file, called a success."""


class FileServer:
    """The route `/files-pri/…` of files.slack.com.

    `Workspace.files_origin` has to be set to where it is served.
    """

    def __init__(
        self, workspace: Workspace, token: str, scopes: Collection[str]
    ) -> None:
        """Let whoever holds `token` read, if `scopes` has `files:read`."""
        self._workspace = workspace
        self._token = token
        self._scopes = scopes

    def add_to(self, app: web.Application) -> None:
        """Serve the files from an application."""
        app.router.add_get("/files-pri/{key}/{name}", self._send)
        app.router.add_get("/files-pri/{key}/download/{name}", self._send)

    async def _send(self, http: web.Request) -> web.Response:
        """Send a file, or a page to log in at, with a status that hides the failure.

        Source: https://docs.slack.dev/reference/objects/file-object, "Authentication
        required"; that the page comes with status 200 is seen, not documented.
        """
        team, _, file_id = http.match_info["key"].partition("-")
        is_allowed = SCOPE in self._scopes and self._is_authorized(http)
        file = seen_file(self._workspace, file_id)
        if not is_allowed or team != TEAM or file is None:
            return web.Response(text=LOGIN_PAGE, content_type="text/html")
        content = self._workspace.contents.get(file_id, b"")
        return web.Response(body=content, headers={"Content-Type": file.mimetype})

    def _is_authorized(self, http: web.Request) -> bool:
        return http.headers.get("Authorization", "") == f"Bearer {self._token}"
