"""A fake of YouTube: pages in the shape of recorded ones, for yt-dlp's real extractors. Nothing of it is real."""

import io
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from yt_dlp import YoutubeDL
from yt_dlp.networking import Request, RequestHandler, Response
from yt_dlp.networking.common import RequestDirector
from yt_dlp.networking.exceptions import HTTPError

CHANNEL = "UC" + 22 * "a"


@dataclass
class FakeYouTube:
    """Its videos by their ids, its lists by theirs."""

    videos: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The player response of each."""
    playlists: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What each lists: renderers of `listed`."""
    asked: list[str] = field(default_factory=list)

    def connect(self, ydl: YoutubeDL) -> None:
        """From now on it is this that yt-dlp reaches, and nothing else."""
        director = RequestDirector(logger=ydl.params["logger"])
        director.add_handler(_FakeRH(self, logger=ydl.params["logger"]))
        ydl.__dict__["_request_director"] = director

    def add(self, name: str, title: str, day: str, **details: Any) -> None:
        """A public video of 10 minutes."""
        self.videos[name] = {
            "playabilityStatus": {"status": "OK"},
            "videoDetails": {
                "videoId": name,
                "title": title,
                "lengthSeconds": "600",
                "channelId": CHANNEL,
                "shortDescription": "0:00 Início\n5:00 Fim da conversa\n9:00 Créditos",
                "viewCount": "12345",
                "author": "Canal de teste",
                "keywords": ["história", "Brasil"],
                "isLiveContent": False,
                **details,
            },
            "microformat": {
                "playerMicroformatRenderer": {
                    "publishDate": day,
                    "uploadDate": day,
                    "category": "Education",
                    "ownerChannelName": "Canal de teste",
                    "externalChannelId": CHANNEL,
                    "isFamilySafe": True,
                }
            },
        }

    def refuse(self, name: str, reason: str) -> None:
        """A video that may not be seen: of it there is the reason alone."""
        self.videos[name] = {"playabilityStatus": {"status": "LOGIN_REQUIRED", "reason": reason}}

    def page(self, url: str, body: bytes) -> str | None:
        self.asked.append(url)
        parts, query = urlsplit(url), parse_qs(urlsplit(url).query)
        if parts.path == "/watch" and (player := self.videos.get(query["v"][0])) is not None:
            return _page(ytInitialPlayerResponse=player, ytInitialData=_WATCHED)
        if parts.path == "/playlist" and (items := self.playlists.get(query["list"][0])) is not None:
            return _page(ytInitialData=_playlist(items))
        if (
            parts.path == "/youtubei/v1/browse"
        ):  # playlists are asked for once more, with their unavailable videos
            items = self.playlists.get(str(json.loads(body)["browseId"]).removeprefix("VL"))
            return json.dumps(_playlist(items)) if items is not None else None
        if (
            parts.path.startswith("/channel/")
            and (items := self.playlists.get(parts.path.split("/")[2])) is not None
        ):
            return _page(ytInitialData=_channel(items))
        return None


def listed(name: str, title: str, ago: str) -> dict[str, Any]:
    """A video as lists show it."""
    return {
        "videoId": name,
        "title": {"runs": [{"text": title}]},
        "lengthSeconds": "600",
        "videoInfo": {"runs": [{"text": "12K views"}, {"text": " • "}, {"text": ago}]},
        "shortBylineText": {"runs": [{"text": "Canal de teste"}]},
    }


def _page(**data: Any) -> str:
    scripts = "".join(f"<script>var {name} = {json.dumps(value)};</script>" for name, value in data.items())
    return f"<!DOCTYPE html><html><head></head><body>{scripts}</body></html>"


def _playlist(items: list[dict[str, Any]]) -> dict[str, Any]:
    section = {"playlistVideoListRenderer": {"contents": [{"playlistVideoRenderer": each} for each in items]}}
    return {
        "metadata": {"playlistMetadataRenderer": {"title": "Aulas", "description": "Todas as aulas"}},
        "contents": {"twoColumnBrowseResultsRenderer": {"tabs": [_tab(section)]}},
    }


def _channel(items: list[dict[str, Any]]) -> dict[str, Any]:
    grid = {"gridRenderer": {"items": [{"gridVideoRenderer": each} for each in items]}}
    tab = _tab(grid)
    tab["tabRenderer"] |= {
        "title": "Videos",
        "endpoint": {"commandMetadata": {"webCommandMetadata": {"url": f"/channel/{CHANNEL}/videos"}}},
    }
    return {
        "metadata": {
            "channelMetadataRenderer": {
                "title": "Canal de teste",
                "description": "Um canal",
                "externalId": CHANNEL,
                "channelUrl": f"https://www.youtube.com/channel/{CHANNEL}",
                "keywords": "história",
            }
        },
        "contents": {"twoColumnBrowseResultsRenderer": {"tabs": [tab]}},
    }


def _tab(content: dict[str, Any]) -> dict[str, Any]:
    inside = {"sectionListRenderer": {"contents": [{"itemSectionRenderer": {"contents": [content]}}]}}
    return {"tabRenderer": {"selected": True, "content": inside}}


_OWNER = {"videoOwnerRenderer": {"title": {"runs": [{"text": "Canal de teste"}]}}}
_WATCHED = {
    "contents": {
        "twoColumnWatchNextResults": {
            "results": {"results": {"contents": [{"videoSecondaryInfoRenderer": {"owner": _OWNER}}]}}
        }
    }
}


class _FakeRH(RequestHandler):  # type: ignore[misc]
    _SUPPORTED_URL_SCHEMES = ("http", "https")

    def __init__(self, youtube: FakeYouTube, **options: Any) -> None:
        super().__init__(**options)
        self._youtube = youtube

    def _check_extensions(self, extensions: dict[str, Any]) -> None:
        extensions.clear()

    def _send(self, request: Request) -> Response:
        page = self._youtube.page(request.url, request.data or b"")
        answer = Response(
            io.BytesIO((page or "").encode()),
            request.url,
            {"Content-Type": "text/html"},
            200 if page else 404,
        )
        if page is None:
            raise HTTPError(answer)
        return answer
