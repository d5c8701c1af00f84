"""The pages."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from .sockets import sio


def login(request: HttpRequest, name: str) -> HttpResponse:
    request.session["name"] = name
    return HttpResponse(f"Hello {name}")


def announce(request: HttpRequest, text: str) -> HttpResponse:
    sio.emit("announcement", text, room="lobby")
    return HttpResponse("ok")


urlpatterns = [path("login/<name>", login), path("announce/<text>", announce)]
